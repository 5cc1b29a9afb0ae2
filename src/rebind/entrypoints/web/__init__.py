"""The web door: pages for people, and the addresses that machines look at.

`app.py` puts the table of addresses together; `routes.py` says what a line of it is. `places.py`
takes a request; `cookies.py` names what it carries, and `faces.py` makes the answer, with what all
doors with pages share. The handlers stand in one file for each group of pages. `health.py` and
`demo.py` have routes of their own.
"""
