"""Where boards come from, one file each."""
