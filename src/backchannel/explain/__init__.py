"""Compare cues and signals with the labels of people in labelled clips."""
