"""The front hall: puts the house together and opens its doors. The only room that knows everyone.

`cli` is the command `rebind`. `furnishing.py` builds the tools that flows are given, `running.py`
runs processes around them, `administration.py` does an administrator's work, `demo.py` knows the
demo's people.
"""


def cli() -> None:
    """The command `rebind`."""
    from rebind.main.administration import commands

    commands()()
