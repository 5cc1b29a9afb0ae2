"""Ways to keep a password as a hash: `argon2.py`, argon2id in threads of its own."""
