"""Stampli's words to the ERP's words: rules, vendors, accounts, dimensions, and the version in force.

Rules are data (CSV). Does not belong here: reading the ERP (``intacct/``) or deciding what to send
(``pipeline/``). Next: ``pipeline/map.py``.
"""
