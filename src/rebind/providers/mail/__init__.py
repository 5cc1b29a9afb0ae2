"""Ways to hand over one e-mail: `smtp.py` to a mail server, `demo.py` to the demo's outbox."""
