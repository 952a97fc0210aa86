"""The upload endpoints and the jobs they start."""
