"""What pages are drawn with: HTML from values, timelines, and the words for numbers."""
