"""Sage Intacct's XML gateway, simulated: its order rules, its levels of errors, its books and its bad days.

What is enforced and where the vendor says so: Sage Intacct Web Services ("XML Requests", "XML Responses", "Bills", "AP
Payments", "Queries") and the published request schema 3.0. Error numbers that the vendor never published are marked as
invented where they stand. Shares no code with the client. Next: ``server.py``.
"""
