"""Who knows common and breached passwords: `common.py` by a list beside it, `ranges.py` by asking
a service that learns no password, `both.py` by the one and then the other."""
