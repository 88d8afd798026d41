"""The history's schema, revision by revision. A revision never imports `schema.py`, which describes the newest."""
