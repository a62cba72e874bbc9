"""Simulators to run and test against: SFTP server, Intacct gateway, faults, a believable firm's exports.

Shares no code with the clients that it tests, so that a misreading is not made twice. Next: ``up.py``.
"""
