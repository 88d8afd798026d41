"""The dashboard's own widgets, one per file, each with the helpers that only it needs."""
