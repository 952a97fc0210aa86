"""Chunks to segments that decode on their own: what a chunk is, and how streams continue. Sans-IO."""
