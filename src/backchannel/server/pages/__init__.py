"""Pages for browsers: the console, the documentation, error pages and the specifications."""
