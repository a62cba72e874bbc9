"""The landing store: every delivery byte for byte by digest, and the last reading of the ERP's masters.

A local folder or any fsspec address. Does not belong here: how files travel (``sftp/``) or what they mean
(``stampli/``). Next: ``pipeline/collect.py``.
"""
