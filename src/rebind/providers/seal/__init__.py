"""Sealing: the key ring file (`ring.py`) and encryption and keyed hashes under it (`vault.py`)."""
