"""What every door needs: who calls, how a body is read, how a refusal is told, and the route table.

Doors that show pages share more: `cookies.py`, `forms.py` and `guard.py` read what a browser sends,
`outcomes.py` says what a handler may answer, and `faces.py` shows it.

`callers.py` reads who asks; `bodies.py` reads what was sent; `problems.py` tells refusals;
`spelling.py` writes moments and ids; `routes.py` is the table, from which `serving.py` makes an
application and `openapi.py` its description.
"""
