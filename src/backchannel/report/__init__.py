"""Recordings of the results of an analysis, and their exports: pages, tables, captions, annotations."""
