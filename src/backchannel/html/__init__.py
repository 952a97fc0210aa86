"""Building blocks of HTML pages: elements, timelines, and text for numbers."""
