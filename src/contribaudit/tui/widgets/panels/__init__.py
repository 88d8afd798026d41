"""The panels of the overview, one a file."""
