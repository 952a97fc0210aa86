"""Backchannel: live video of a person in, grounded social signals out."""

__version__ = "0.1.0"
