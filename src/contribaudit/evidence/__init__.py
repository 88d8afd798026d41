"""Evidence that an auditor can check alone: a folder of files, a manifest that lists each, and a chain of manifests.

`manifest.py` is the contract, `export.py` decides what a folder contains, `folder.py` writes it whole or not at all,
`signing.py` handles keys, `pack.py` reads a folder or archive, `verify.py` checks it without history or network,
`agreement.py` compares its files, `rebuilt.py` rebuilds the run from them, `reperform.py` judges the run again.
"""
