"""The doors: they translate between the outside and the flows, and do nothing else.

A door reads what was sent, calls one flow, and puts its outcome into words. It compares no values
of the business, knows no limits and no SQL. Doors do not know one another; what they have in common
stands in `shared`.
"""
