"""Sage Intacct's XML gateway: envelope, session, replies, bills, reference data.

Does not belong here: when to send and what an unknown answer means for us (``pipeline/post.py``). Facts come from
the vendor's Web Services reference and request schema 3.0. Next: ``gateway.py``, then ``bills.py``.
"""
