"""Real ``SIGKILL``s over Dagster runs: ``python -m kills --kills 300 --ledger sqlite --seed 1``.

The parent process holds the world (SFTP server, Intacct simulator, PostgreSQL). Runs of the real asset job happen in
children of a warm process (:mod:`kills.nursery`), die at random moments, also while they recover, and are run again.
At the end :mod:`kills.auditor`, which knows nothing of the product, compares files, books and ledger.
"""
