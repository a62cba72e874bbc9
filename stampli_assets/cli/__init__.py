"""The ``stampli`` command: one module per command, human text on stderr, results on stdout.

Does not belong here: rules of the trade; every command is a few calls into the rooms. Next: ``main.py``.
"""
