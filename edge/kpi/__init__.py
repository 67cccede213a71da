"""Key figures as pure functions over the journal's events. Never of a person.

`bound` and `agreement` are plain statistics, `book` folds events into what figures look at,
`measure` makes the figures. The formulas are in docs/kpi.md.
"""
