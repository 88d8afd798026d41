"""The dashboard. Widgets show, messages tell, workers wait; rows are made by pure functions.

Rows that several screens show, or that take a file, are made in `rows/`; those of one screen above it in its file.

`source.py` is where its data comes from: a history, an evidence folder, the demo. Nothing here decides what a headless
command would have to decide too.
"""
