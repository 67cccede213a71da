"""Flat facts of verdicts, derived from segments and rebuildable at any time.

A verdict is one row: what was decided, `f_<name>` for each fact, for a set the masks
`f_<name>_0` and `f_<name>_0_unknown` (bit = position in the domain) beside the readable list.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final

import duckdb

from edge.sync.segments.files import (
    SEGMENTS,
    VERDICTS,
    Name,
    SegmentError,
    connect,
    fetched,
    listed,
    quoted,
    remove_rests,
    write_parquet,
)
from zoning.model import Domain, Kind
from zoning.pack import Pack
from zoning.sql import masks

Tell = Callable[[Name], None]

_TYPES: Final = {Kind.ENUM: "VARCHAR", Kind.BOOL: "BOOLEAN", Kind.SET: ["VARCHAR"]}
_ENVELOPE: Final = """
  sequence, id, time, recordedtime, station, tenant, operator, unit, parcel, rma,
  d.checklist.id AS checklist, d.checklist.sha256 AS checklist_sha256, policy_sha256,
  d.grade AS grade, d.grade_exact AS grade_exact, d.zone AS zone, d.disposition AS disposition,
  d.row AS "row", d.refund AS refund, d.move AS move,
  coalesce(d.settled_early, FALSE) AS settled_early,
  {value} AS value, {currency} AS currency, {category} AS category,
  coalesce(photos, []::VARCHAR[]) AS photos"""
_PHOTOS: Final = """
  SELECT unit AS photo_unit,
    list(json_extract_string(body, '$.data.sha256') ORDER BY sequence) AS photos
  FROM segment WHERE kind = 'photo.taken' AND unit IS NOT NULL GROUP BY unit"""
_SHAPE: Final = {
    "checklist": {"id": "VARCHAR", "sha256": "VARCHAR"},
    "grade": "VARCHAR",
    "grade_exact": "BOOLEAN",
    "zone": "VARCHAR",
    "disposition": "VARCHAR",
    "row": "VARCHAR",
    "refund": "VARCHAR",
    "move": "VARCHAR",
    "settled_early": "BOOLEAN",
}


def derive(out: Path, packs: Mapping[str, Pack], *, tell: Tell) -> tuple[Name, ...]:
    """Write the verdicts of every segment that has no file of them yet; return which.

    `packs` by content digest: they say which facts there are and which bit a member is. Raises
    SegmentError for a verdict of another pack.
    """
    remove_rests(out / VERDICTS)
    present = set(listed(out / VERDICTS))
    done = [name for name in listed(out / SEGMENTS) if name not in present]
    with connect() as connection:
        for name in done:
            _derive(connection, out, name, packs)
            tell(name)
    return tuple(done)


def policies(out: Path) -> frozenset[str]:
    """Return the digests of the packs that verdicts without flat facts name."""
    present = set(listed(out / VERDICTS))
    names = [name for name in listed(out / SEGMENTS) if name not in present]
    if not names:
        return frozenset()
    files = ", ".join(quoted(name.below(out / SEGMENTS)) for name in names)
    query = (
        f"SELECT DISTINCT policy_sha256 FROM read_parquet([{files}])"  # noqa: S608 - quoted paths
        " WHERE kind = 'verdict.made'"
    )
    with connect() as connection:
        return frozenset(str(row[0]) for row in fetched(connection, query))


def _derive(
    connection: duckdb.DuckDBPyConnection, out: Path, name: Name, packs: Mapping[str, Pack]
) -> None:
    segment = quoted(name.below(out / SEGMENTS))
    connection.execute(
        f"CREATE OR REPLACE TEMP VIEW segment AS SELECT * FROM read_parquet({segment})"  # noqa: S608
    )
    query = "SELECT DISTINCT policy_sha256 FROM segment WHERE kind = 'verdict.made' ORDER BY ALL"
    digests = [str(row[0]) for row in fetched(connection, query)]
    for sha256 in digests:
        if sha256 not in packs:
            raise SegmentError(f"{name.below(out / SEGMENTS)}: the pack {sha256} is not at hand")
    chosen: list[Pack | None] = [*(packs[sha256] for sha256 in digests)] or [None]
    union = "\nUNION ALL BY NAME\n".join(verdict_query(pack) for pack in chosen)
    query = f"SELECT * FROM ({union}) ORDER BY sequence"  # noqa: S608
    write_parquet(connection, query, name.below(out / VERDICTS))


def verdict_query(pack: Pack | None) -> str:
    """Return the query of one pack's verdicts over the view `segment`; None = of no pack."""
    domains = pack.policy.domains if pack else {}
    facts_shape = {"facts": _facts_shape(domains)} if pack else {}
    shape = {"data": {**_SHAPE, **facts_shape}}
    columns = _ENVELOPE.format(
        value="d.facts.known.value" if "value" in domains else "NULL::BIGINT",
        currency=quoted(pack.policy.currency) if pack else "NULL::VARCHAR",
        category="d.facts.known.category" if "category" in domains else "NULL::VARCHAR",
    )
    facts = "".join(f",\n  {column}" for name in domains for column in _fact(name, domains[name]))
    chosen = f"policy_sha256 = {quoted(pack.sha256)}" if pack else "FALSE"
    # names and codes matched patterns without quotes when the pack was loaded
    return f"""SELECT {columns}{facts}
FROM (SELECT *, from_json(body, {quoted(json.dumps(shape))}).data AS d
  FROM segment WHERE kind = 'verdict.made' AND {chosen})
LEFT JOIN ({_PHOTOS}) ON photo_unit = unit"""  # noqa: S608


def _facts_shape(domains: Mapping[str, Domain]) -> Mapping[str, object]:
    known = {name: _TYPES.get(domain.kind, "BIGINT") for name, domain in domains.items()}
    sets = {name: ["VARCHAR"] for name, domain in domains.items() if domain.kind is Kind.SET}
    return {"known": known, "unknown": sets}


def _fact(name: str, domain: Domain) -> Iterator[str]:
    """Yield the select expressions of one fact."""
    known = f"d.facts.known.{name}"
    if domain.kind is not Kind.SET:
        yield f"{known} AS f_{name}"
        return
    present, unknown = masks(name)
    yield f"{_bits(known, domain)} AS {present}"
    given = f"coalesce(d.facts.unknown.{name}, []::VARCHAR[])"
    yield f"CASE WHEN {known} IS NOT NULL THEN {_bits(given, domain)} END AS {unknown}"
    yield f"{known} AS f_{name}"


def _bits(members: str, domain: Domain) -> str:
    """Return a list of members as a mask; NULL for no list, 0 for an empty one."""
    if not domain.values:
        return f"CASE WHEN {members} IS NOT NULL THEN 0::BIGINT END"
    listed_ = ", ".join(map(quoted, domain.values))
    places = f"lambda m: 1::BIGINT << (list_position([{listed_}], m) - 1)::INTEGER"
    bits = f"list_sum(list_transform({members}, {places}))::BIGINT"
    return f"CASE WHEN {members} IS NOT NULL THEN coalesce({bits}, 0) END"
