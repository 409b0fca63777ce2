"""Measurements of Perigee, each beside its yardstick in the same run: `python -m benchmarks`."""
