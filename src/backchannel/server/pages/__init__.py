"""What a browser can open: console, documentation, error pages, specifications."""
