class CNF:
    clauses: list[list[int]]
    nv: int
    def __init__(self, *, from_string: str) -> None: ...
