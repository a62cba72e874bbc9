"""What we know to have sent: postings, journal, deliveries, findings; SQLAlchemy Core on SQLite or PostgreSQL.

The barrier against a second bill. Does not belong here: anything that talks to an ERP. Next: ``postings.py``.
"""
