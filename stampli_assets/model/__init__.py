"""The nouns of the trade and the ports between the rooms.

Belongs here: money, documents, identity, outcomes, errors, the pandera schemas of the batches, and the
``Protocol``s through which the rooms meet. Does not belong here: anything that reads a file, opens a socket or
knows Dagster. Next: ``pipeline/``, the corridor that uses these nouns.
"""
