"""`python -m rebind` is `rebind`."""

from rebind.main import cli

cli()
