"""The rules: pure values in, pure values out. Nothing here reads a clock, a database or the net."""
