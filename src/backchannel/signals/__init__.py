"""Cues to signals, engagement and quality: interpretation, with its evidence."""
