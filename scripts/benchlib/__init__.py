"""What scripts/bench is made of; the Python standard library only."""
