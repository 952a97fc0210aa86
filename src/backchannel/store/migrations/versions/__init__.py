"""One file for each revision. A file that was released never changes."""
