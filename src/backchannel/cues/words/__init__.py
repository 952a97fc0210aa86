"""Cues in words: lists of phrases as data, one file for each language, and what finds them."""
