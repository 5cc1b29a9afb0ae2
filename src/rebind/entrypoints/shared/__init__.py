"""What every door needs: who calls, how a body is read, how a refusal is told, and the route table.

`callers.py` reads who asks; `bodies.py` reads what was sent; `problems.py` tells refusals;
`spelling.py` writes moments and ids; `routes.py` is the table, from which `serving.py` makes an
application and `openapi.py` its description.
"""
