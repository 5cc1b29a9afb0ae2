"""The benchmark: what a flow costs, beside what the same work costs at the least, as the number of
accounts grows.

`python -m bench` is the one command. `town.py` makes the databases, `processes.py` runs servers and
workers, `visitors.py` walks the flows over HTTP and `browsers.py` by pages, `sms.py` takes their
codes; `recording.py` notes what a flow asks of the database, `replay.py` makes a program of it and
`floor.py` serves that program; `rounds.py` measures, `goals.py` judges, `report.py` tells.
"""
