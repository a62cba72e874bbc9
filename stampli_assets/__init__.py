"""Stampli's approved invoices, posted exactly once into the ERP, watched in Dagster.

Start reading in ``pipeline/``: the corridor from a file in outbound to a posted bill. Each other package is a room
that the corridor passes, and says in its docstring what belongs in it.
"""
