"""Sealed credentials and the one port through which a secret is resolved.

Does not belong here: what a secret is for. Next: ``resolve.py``, then ``sealed.py``.
"""
