"""Pages and the addresses that machines look at: health, metrics, the demo outbox."""
