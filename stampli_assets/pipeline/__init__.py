"""The corridor: collect, parse, map, post, archive, as plain functions over ports.

Belongs here: the order of things and the exactly-once rule. Does not belong here: Dagster, HTTP, SSH, SQL. Next:
``model/`` for the nouns and ports, ``defs/`` for how Dagster walks this corridor.
"""
