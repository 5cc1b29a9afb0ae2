"""Answering to this machine's own names only: what keeps a demo from foreign pages.

A page of a stranger may give its own name the address 127.0.0.1 (DNS rebinding) and then read every
answer as its own. Its calls still name the stranger's host: they find nothing here.
"""

import re

from rebind.entrypoints.shared.problems import Problems
from rebind.entrypoints.shared.serving import App, Nowhere, Receive, Scope, Send

_OURS = re.compile(rb"(?:localhost|127\.0\.0\.1|\[::1\])(?::\d{1,5})?", re.IGNORECASE)


def this_machine_only(app: App, problems: Problems) -> App:
    """The app for calls to localhost, 127.0.0.1 or [::1]; for all others there is nothing."""
    nowhere = Nowhere(problems.told)

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        asked = [value for name, value in scope["headers"] if name == b"host"]
        ours = len(asked) == 1 and _OURS.fullmatch(asked[0]) is not None
        await (app if ours else nowhere)(scope, receive, send)

    return application
