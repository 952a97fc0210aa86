"""A conversation as one value: tracks in, changes out, the same for segments, chunks and files."""
