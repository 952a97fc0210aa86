"""Analyse many files into tables, and go on after an interruption."""
