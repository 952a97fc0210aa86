"""How accurate the analysis is, on labelled clips and on synthetic truth. Never installed."""
