"""Sage X3: two APIs (GraphQL of Xtrem, REST api1 of Syracuse) behind the same ports; signing in, suppliers, bills.

Does not belong here: when to send and what an unknown answer means for us (``pipeline/post.py``). Facts and how sure they
are: the project's notes on the X3 APIs, cited as [D], [S], [T] and [P].
Next: ``bills.py`` (what is posted and found), then ``api.py`` (what both APIs can do), then ``door.py`` (how each is asked).
"""
