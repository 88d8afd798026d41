"""Notifications: what is new, once, after each audit; a summary every week.

`channels.py` is where messages go and how, `notifier.py` what becomes of an audit. Nothing here changes an exit code.
"""
