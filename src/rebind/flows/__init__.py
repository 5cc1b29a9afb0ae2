"""One file per journey. A flow reads, lets a rule decide, and writes one guarded batch.

Flows do not call one another; what they share is a rule (`domain`), a statement (`store`) or the
desk (`desk/`). Doors call flows; nothing else does.
"""
