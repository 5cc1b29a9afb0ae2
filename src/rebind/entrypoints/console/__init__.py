"""The console: pages for the people at the support desk.

`app.py` puts the table together, of one part for each subject; `routes.py` says what a line of it
is, and which right it takes. `places.py` lets nobody in who lacks it, `faces.py` shows what the
handlers answer. What all doors with pages need stands in `entrypoints/shared`.
"""
