"""The present moment. `system.py` is the only place that reads the machine's clock."""
