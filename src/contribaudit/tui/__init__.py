"""The dashboard. Widgets show values, messages report events, workers wait, and pure functions make rows of text.

`rows/` makes the rows that several screens show or that need their own file; a screen's other rows are in its file.

`source.py` provides the data: a history, an evidence folder, the demo. Nothing here decides what a headless command
would have to decide too.
"""
