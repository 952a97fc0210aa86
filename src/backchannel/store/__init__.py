"""What outlives a process: keys and their use."""
