"""Where heavy work runs: outside the process that holds the sockets."""
