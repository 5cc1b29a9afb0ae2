"""Ways to hand over one SMS: `http.py` to any aggregator, `demo.py` to the demo's outbox."""
