"""How well nods and shakes are found, and what is taken for them: ``python -m evals.nods``."""
