"""The past under another policy: recorded facts decided again, what flows where, and its report.

`past` looks at one record, `tally` adds up any number of them, `report` says what it comes to.
"""
