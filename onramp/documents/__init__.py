"""What is written down about the contract and the settings, made from the code so that it stays true.

`python -m onramp.documents` writes the files under `docs/`; `--check` names those that are stale.
"""
