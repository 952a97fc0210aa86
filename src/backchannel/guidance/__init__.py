"""Advice for the person's partner in a conversation: one plain sentence from evidence, or none. Pure."""
