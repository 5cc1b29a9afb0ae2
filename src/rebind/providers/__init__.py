"""The neighbours of Rebind, one folder each, every one behind a protocol of `ports.py`.

Providers know nothing of journeys, tables or settings: they are built in the front hall with plain
values. What they need from outside Rebind (a network library, a mail server) is imported when it is
first used, so that a server pays only for the neighbours that it has.
"""
