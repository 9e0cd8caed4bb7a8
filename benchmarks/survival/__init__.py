"""What survives: bridges that are killed, platforms and databases that fail. `python -m benchmarks.survival`."""
