"""Virus scanners: ClamAV's daemon (`clamav.py`)."""
