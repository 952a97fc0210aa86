"""How far perception and cues are from a truth that is known. Run as ``python -m evals.truth``."""
