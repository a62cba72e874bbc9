"""What happens when a guard is missing: its test dies. Read first: :mod:`sabotage.guards`."""
