"""What people take away: error lists and tables for the UI.

Does not belong here: deciding anything. Next: ``tables.py``.
"""
