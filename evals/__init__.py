"""Accuracy, and the synthetic clips it is measured on. Run from the checkout, never installed."""
