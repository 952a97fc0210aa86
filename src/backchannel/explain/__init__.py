"""How well cues and signals agree with what people saw in labelled clips."""
