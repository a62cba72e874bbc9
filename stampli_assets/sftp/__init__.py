"""Stampli's SFTP server: a connection whose host key is pinned, the inbox, the archive.

Does not belong here: what is inside a file (``stampli/``), where its bytes are kept (``landing/``). Next:
``pipeline/collect.py``.
"""
