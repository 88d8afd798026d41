"""Telling people: after each audit what is new, once; weekly how things stand.

`channels.py` is where messages go and how, `notifier.py` what becomes of an audit. Nothing here changes an exit code.
"""
