"""Long runs of a real server under damage, outages and signals: ``python -m tools.soak``."""
