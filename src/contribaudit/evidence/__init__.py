"""Evidence that an auditor can check alone: a folder of files, a manifest that names each, a chain of manifests.

`manifest.py` is the contract, `export.py` says what a folder holds, `folder.py` writes it whole or not at all,
`signing.py` holds the keys, `pack.py` reads a folder or archive, `verify.py` checks it without store or network,
`agreement.py` compares its files, `rebuilt.py` makes a run of them again, `reperform.py` judges that anew.
"""
