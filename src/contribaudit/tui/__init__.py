"""The dashboard. Widgets show values, messages report events, workers wait, and pure functions make rows of text.

`rows/` makes the rows that several screens show or that need their own file; a screen's other rows are in its file.

`source.py` defines the data that every screen shows, and `sources.py` gets it from a history, an evidence folder or the
demo. Nothing here decides what a headless command would have to decide too.
"""
