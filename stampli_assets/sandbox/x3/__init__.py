"""Sage X3, simulated: GraphQL (Xtrem) with OAuth2, REST api1 (Syracuse), the folder's rules, its books, its bad days.

The facts are those of the project's notes on the X3 APIs (``sage-x3-apis.md``), cited as [D], [S], [T] and [P] where they
are used; what is [P], unverified, is an option whose default is the documented guess. One set of books serves both APIs.
Not here: anything that a client of X3 could use; the simulators share no code with it. Next: ``graphql_server.py``.
"""
