"""What Stampli sends: file names, columns and their aliases, readers and the rules of a valid row.

Does not belong here: what the ERP calls things (``mapping/``), or how a file gets here (``sftp/``). Next:
``pipeline/parse.py``.
"""
