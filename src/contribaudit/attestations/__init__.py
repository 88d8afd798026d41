"""What people record of the administration console: from a flag, a form or a file to an attestation with its anchors.

`recording.py` makes the values, `anchoring.py` holds them by signals read before and after the look, `looking.py` reads
those signals, `attestation_file.py` and `importing.py` take many at once, `due.py` says what is to be looked at next.
"""
