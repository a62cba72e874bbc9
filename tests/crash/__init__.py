"""The crash harness: seeded schedules of everything that can go wrong, and a checker that trusts nobody.

``python -m crash --schedules 10000`` (``make crash``). One seed is one history, byte for byte: a fake clock, a dice of
our own, no sockets, no threads, no wall clock. Read first: :mod:`crash.world`, then :mod:`crash.checker`.
"""
