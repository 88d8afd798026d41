"""What people record about the administration console, from a flag, a form or a file, as attestations with anchors.

`recording.py` makes attestations, `anchoring.py` binds them to signals read before and after the look, `files.py` reads
many from a file, `due.py` says what to look at next, `status.py` what became of each, and `decoder_proposals.py`
proposes decoders from what changed.
"""
