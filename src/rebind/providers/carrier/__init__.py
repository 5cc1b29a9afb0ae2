"""Ways to ask an operator about a number: `none.py` asks nobody."""
