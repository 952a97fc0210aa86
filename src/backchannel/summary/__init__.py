"""A conversation in four lines of plain words."""
