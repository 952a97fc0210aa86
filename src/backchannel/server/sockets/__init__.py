"""The web server's connections, bounded: no client may hold the loop, the memory or the places of others."""
