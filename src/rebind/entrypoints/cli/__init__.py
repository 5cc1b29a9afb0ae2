"""The command line: `rebind …`. Translates arguments into calls that the front hall hands in."""
