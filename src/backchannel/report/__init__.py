"""Recordings of what was told, and the files that people make of them: pages, tables, captions."""
