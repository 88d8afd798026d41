"""What people record of the administration console: from a flag, a form or a file to an attestation with its anchors.

`recording.py` makes the values, `anchoring.py` holds them by signals read before and after the look, `files.py` takes
many at once, `due.py` says what to look at next, `status.py` what became of each, `decoder_proposals.py` what moved.
"""
