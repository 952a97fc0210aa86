"""Tracks to cues: timed, observable events with a measured value."""
