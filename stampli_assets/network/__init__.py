"""What every client shares below its own protocol: reaching a host, proving a certificate, a deadline over a whole exchange.

What does not belong here: a word of any protocol, a credential, what a failure means for a document. Next: ``intacct/wire.py``
and ``x3/wire.py`` send requests over it, the ``probe.py`` of each room asks it whether a host is there at all.
"""
