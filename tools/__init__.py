"""Generators of documentation and samples, and the demo behind `make run`. Never installed."""
