"""Notifications: after each audit what is new, reported once; every week a summary.

`channels.py` sends messages, `notifier.py` makes them from an audit. Nothing here changes an exit code.
"""
