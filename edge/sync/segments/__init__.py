"""Events as Parquet for analysis, and flat facts of verdicts for rehearsals. Needs the extra `bi`.

`seal` copies a journal into immutable segments, `facts` flattens the verdicts of a segment,
`past` rehearses over flat facts. DuckDB lives here.
"""
