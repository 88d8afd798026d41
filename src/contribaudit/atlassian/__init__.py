"""The only door to HTTP: a client that can read, and nothing else."""
