"""The key figures once more, as SQL over exported segments: shares no line with the functions."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import duckdb

Key = tuple[str, str, str, str]
Answer = tuple[float | None, int, int | None]
"""Value, n, k; the key is name, statistic, by, of."""

_TABLES: Final = """
CREATE TABLE raw AS SELECT sequence, id, kind, unit, parcel, tenant, rma, zone, "row",
    epoch_ms(time) AS ms, body, coalesce(body->>'$.data.audit' = 'true', FALSE) AS test
  FROM read_parquet('{files}');
CREATE TABLE stands AS SELECT * FROM raw WHERE body->>'$.data.mode' = 'live'
  AND id NOT IN (SELECT body->>'$.data.of' FROM raw WHERE kind = 'correction.made');
CREATE TABLE piece AS WITH RECURSIVE opened AS (
    SELECT unit, body->>'$.data.previous' AS previous FROM stands WHERE kind = 'unit.opened'),
  chain AS (SELECT unit, unit AS first FROM opened
      WHERE previous IS NULL OR previous NOT IN (SELECT unit FROM opened)
    UNION ALL SELECT opened.unit, chain.first FROM opened JOIN chain
      ON opened.previous = chain.unit) SELECT * FROM chain;
CREATE TABLE e AS SELECT stands.* REPLACE (coalesce(piece.first, stands.unit) AS unit),
    stands.unit AS visit FROM stands LEFT JOIN piece ON piece.unit = stands.unit;
CREATE TABLE box AS SELECT parcel, ms AS arrived, test, body->>'$.data.carrier' AS carrier,
    body->>'$.data.matched_by' = 'none' AS unknown, body->>'$.data.seal' <> 'unseen' AS looked,
    epoch_ms((body->>'$.data.due')::TIMESTAMPTZ) AS due, list_distinct(list_concat(
      (body->'$.data.rmas')::VARCHAR[], coalesce((SELECT (m.body->'$.data.rmas')::VARCHAR[]
        FROM e AS m WHERE m.kind = 'parcel.matched' AND m.parcel = e.parcel), []))) AS rmas,
    body->'$.data.lines' AS lines
  FROM e WHERE kind = 'parcel.arrived';
CREATE TABLE line AS SELECT parcel, l->>'$.rma' AS rma, l->>'$.line' AS line,
    l->>'$.reason' AS reason FROM (SELECT parcel, unnest(lines::JSON[]) AS l FROM box);
CREATE TABLE first_verdict AS SELECT unit, min(ms) AS ms FROM e WHERE kind = 'verdict.made'
  GROUP BY unit;
CREATE TABLE last_verdict AS SELECT unit, arg_max("row", sequence) AS "row",
    arg_max(coalesce((body->>'$.data.facts.known.value')::BIGINT, -1), sequence) AS value
  FROM e WHERE kind = 'verdict.made' GROUP BY unit;
CREATE TABLE place AS SELECT unit, arg_max(z, sequence) AS zone FROM (
  SELECT unit, sequence, zone AS z FROM e WHERE kind = 'verdict.made' UNION ALL
  SELECT unit, sequence, body->>'$.data.decided.zone' FROM e WHERE kind = 'verdict.changed')
  GROUP BY unit;
CREATE TABLE seen AS SELECT unit, CASE WHEN 'wrong_item' IN flags THEN 'wrong_item'
    WHEN 'empty_box' IN flags THEN 'empty' WHEN 'over_qty' IN flags THEN 'surplus' END AS seen
  FROM (SELECT unit, arg_max(coalesce((body->'$.data.facts.known.flags')::VARCHAR[], []), sequence)
    AS flags FROM e WHERE kind = 'verdict.made' GROUP BY unit);
CREATE TABLE named AS SELECT unit, body->>'$.data.category' AS category,
    body->>'$.data.match' AS match, body->>'$.data.rma' AS rma, body->>'$.data.line' AS line
  FROM e WHERE kind = 'unit.identified' AND visit = unit;
CREATE TABLE touch AS SELECT unit, sum((body->>'$.data.ms.active')::BIGINT)::BIGINT AS active,
    sum((body->>'$.data.ms.waiting')::BIGINT)::BIGINT AS waiting,
    sum((body->>'$.data.ms.interrupted')::BIGINT)::BIGINT AS interrupted,
    sum((body->>'$.data.acts_n')::BIGINT)::BIGINT AS acts
  FROM e WHERE kind = 'unit.closed' GROUP BY unit;
CREATE TABLE seal AS SELECT unit, arg_max(a->>'$.answer', sequence) AS seal FROM (
  SELECT unit, sequence, unnest((body->'$.data.answers')::JSON[]) AS a FROM e
  WHERE kind = 'inspection.finished') WHERE a->>'$.step' = 'seal'
  GROUP BY unit;
CREATE TABLE every AS SELECT o.unit, o.parcel, o.tenant, o.test,
    o.unit IN (SELECT unit FROM e WHERE kind = 'unit.opened'
      AND body->>'$.data.previous' IS NOT NULL) AS again,
    coalesce(named.category, '-') AS category,
    CASE WHEN named.match = 'expected' THEN coalesce(seen.seen, 'expected') ELSE named.match END
      AS match, named.rma, line.reason, seal.seal,
    f.ms AS decided, last_verdict.row, nullif(last_verdict.value, -1) AS value, place.zone,
    (SELECT min(ms) FROM e WHERE kind = 'put.confirmed' AND unit = o.unit) AS put,
    (SELECT min(ms) FROM e WHERE kind LIKE 'refund.%' AND unit = o.unit) AS refund,
    touch.active, touch.waiting, touch.interrupted, touch.acts,
    touch.active + touch.waiting + touch.interrupted AS whole
  FROM e AS o LEFT JOIN named USING (unit)
  LEFT JOIN line ON line.parcel = o.parcel AND line.rma = named.rma AND line.line = named.line
  LEFT JOIN first_verdict AS f USING (unit) LEFT JOIN last_verdict USING (unit)
  LEFT JOIN seen USING (unit) LEFT JOIN place USING (unit)
  LEFT JOIN touch USING (unit) LEFT JOIN seal USING (unit)
  WHERE o.kind = 'unit.opened' AND o.visit = o.unit;
CREATE TABLE u AS SELECT * FROM every
  WHERE NOT test AND decided >= {since} AND decided < {until};
CREATE TABLE gone AS SELECT tenant, (body->>'$.data.qty')::BIGINT AS qty FROM e
  WHERE kind = 'unit.missing' AND NOT test AND ms >= {since} AND ms < {until};
CREATE TABLE again AS SELECT unit, body->>'$.data.way' AS way,
    list_position(['A','B','C','D'], body->>'$.data.first.grade') AS a,
    list_position(['A','B','C','D'], body->>'$.data.second.grade') AS b,
    body->>'$.data.first.zone' AS za, body->>'$.data.second.zone' AS zb,
    CASE WHEN body->>'$.data.agree' = 'true' THEN FALSE
      ELSE body->>'$.data.adjudicated' <> 'first' END AS wrong
  FROM e WHERE kind = 'quality.rechecked' AND ms >= {since} AND ms < {until};
"""
_SHARES: Final = {
    "first_touch": """SELECT count(*) FILTER (NOT again AND unit NOT IN (SELECT unit FROM e
      WHERE kind IN ('hold.placed', 'quality.rechecked', 'unit.taken_over'))), count(*) FROM u""",
    "first_pass": """SELECT count(*) FILTER (unit NOT IN (SELECT unit FROM e
      WHERE kind = 'correction.made')), count(*) FROM u""",
    "override": """SELECT count(*) FILTER (unit IN (SELECT unit FROM e
      WHERE kind = 'verdict.changed' AND body->>'$.data.reason' <> 'adjudicated')),
      count(*) FROM u""",
    "missing_fact": """SELECT count(*) FILTER (unit IN (SELECT unit FROM e
      WHERE kind = 'verdict.made' AND "row" LIKE '#%')), count(*) FROM u""",
    "unknown_reason": "SELECT count(*) FILTER (reason LIKE 'C99%'), count(*) FROM u",
    "refund_late": """SELECT count(*) FILTER (u.refund > box.due), count(*) FROM u
      JOIN box USING (parcel) WHERE box.due IS NOT NULL AND u.refund IS NOT NULL""",
    "mis_sort": """SELECT count(*) FILTER (kind IN ('diverter.wrong_lane', 'move.in_doubt')),
      count(*) FROM e WHERE NOT test AND ms >= {since} AND ms < {until} AND (
      kind = 'diverter.wrong_lane' OR
      (kind = 'move.in_doubt' AND body->>'$.data.reason' = 'wrong_place') OR
      (kind = 'move.done' AND body->>'$.data.seen_at' IS NOT NULL) OR
      (kind = 'diverter.done' AND (body->>'$.data.exit_lane')::INT > 0))""",
    "evidence": """SELECT count(*) FILTER (sha IS NOT NULL AND sha NOT IN
      (SELECT body->>'$.data.sha256' FROM e WHERE kind = 'photo.lost')), count(*) FROM (
      SELECT unit, body->>'$.data.slot' AS slot, arg_max(body->>'$.data.sha256', sequence)
        FILTER (kind = 'photo.taken') AS sha FROM e
      WHERE (kind = 'photo.taken' AND body->>'$.data.step' IS NOT NULL
          AND body->>'$.data.bound_by' IN ('code_in_frame', 'open_window'))
        OR (kind = 'photo.missing' AND body->>'$.data.supervisor' IS NOT NULL)
      GROUP BY ALL) JOIN u USING (unit)""",
    "carrier_damage": """SELECT count(*) FILTER (damaged), count(*) FROM (SELECT parcel, looked,
      parcel IN (SELECT parcel FROM e WHERE kind = 'parcel.damaged') AS damaged FROM box
      WHERE NOT test AND arrived >= {since} AND arrived < {until}) WHERE looked OR damaged""",
    "wrong_units": """SELECT count(*) FILTER (wrong), count(*) FROM again
      WHERE way = 'random' AND wrong IS NOT NULL""",
}
_GROUPS: Final = {
    ("override", "row"): """SELECT r, count(*), (SELECT count(*) FROM u) FROM (SELECT DISTINCT unit,
      body->>'$.data.recommended.row' AS r FROM e WHERE kind = 'verdict.changed'
        AND body->>'$.data.reason' <> 'adjudicated')
      JOIN u USING (unit) GROUP BY r""",
    ("unknown_reason", "row"): """SELECT "row", count(*), (SELECT count(*) FROM u) FROM u
      WHERE reason LIKE 'C99%' GROUP BY "row" """,
    ("discrepancy", "kind"): """SELECT match, count(*), (SELECT count(*) FROM u) +
      (SELECT coalesce(sum(qty), 0) FROM gone) FROM u WHERE match <> 'expected' GROUP BY match
      UNION ALL SELECT 'missing', (SELECT coalesce(sum(qty), 0) FROM gone),
      (SELECT count(*) FROM u) + (SELECT coalesce(sum(qty), 0) FROM gone)""",
    ("discrepancy", "tenant"): """SELECT u.tenant, count(*) FILTER (match <> 'expected') + q,
      count(*) + q FROM u LEFT JOIN (SELECT tenant, sum(qty) AS q FROM gone GROUP BY tenant) AS g
      ON g.tenant = u.tenant GROUP BY u.tenant, q""",
    ("recovery", "zone"): """SELECT zone, count(*), (SELECT count(*) FROM u) FROM u
      GROUP BY zone""",
    ("recovery", "band/zone"): """SELECT CASE WHEN value IS NULL THEN '-' WHEN value < 500000
      THEN 'low' ELSE 'high' END || '/' || zone, count(*), (SELECT count(*) FROM u) FROM u
      GROUP BY ALL""",
    ("found_wrong", "way"): """SELECT way, count(*) FILTER (wrong), count(wrong)
      FROM (VALUES ('gold'), ('fast_ok')) AS ways(way) LEFT JOIN again USING (way)
      GROUP BY way""",
}
_TIMES: Final = {
    "touch_unit": ("SELECT whole AS v, category, seal FROM u", (50, 90, 99)),
    "touch_active": ("SELECT active AS v, category, seal FROM u", (50, 90, 99)),
    "touch_waiting": ("SELECT waiting AS v, category, seal FROM u", (50, 90, 99)),
    "touch_interrupted": ("SELECT interrupted AS v, category, seal FROM u", (50, 90, 99)),
    "dock_to_disposition": (
        "SELECT decided - arrived AS v FROM u JOIN box USING (parcel)",
        (50, 90),
    ),
    "dock_to_placed": ("SELECT put - arrived AS v FROM u JOIN box USING (parcel)", (50, 90)),
    "arrival_to_refund": ("SELECT refund - arrived AS v FROM u JOIN box USING (parcel)", (50, 90)),
    "touch_return": (
        """SELECT coalesce(w, 0) + coalesce(o, 0) AS v FROM (SELECT DISTINCT body->>'$.data.rma'
      AS rma FROM e WHERE kind = 'return.completed' AND NOT test AND ms >= {since} AND ms < {until})
      LEFT JOIN (SELECT rma, sum(whole) AS w FROM every WHERE NOT test GROUP BY rma) USING (rma)
      LEFT JOIN (SELECT rma, sum(gap) AS o FROM (SELECT unnest(rmas) AS rma,
        (SELECT min(ms) FROM e WHERE kind = 'unit.opened' AND parcel = box.parcel)
        - (SELECT min(ms) FROM e WHERE kind = 'parcel.opened' AND parcel = box.parcel) AS gap
        FROM box) WHERE gap BETWEEN 0 AND 60000 GROUP BY rma) USING (rma)""",
        (50, 90, 99),
    ),
    "unknown_parcel_age": (
        """SELECT {at} - arrived AS v FROM box WHERE unknown AND NOT test AND arrived <= {at}
      AND parcel NOT IN (SELECT parcel FROM e WHERE kind = 'parcel.matched' AND ms <= {at})""",
        (50, 100),
    ),
}
_AGREEMENT: Final = (
    ("grade_agreement", "a IS NOT NULL AND b IS NOT NULL", "1 - abs({0}.a - {1}.b) / 3.0", "a = b"),
    ("zone_agreement", "TRUE", "({0}.za = {1}.zb)::INT", "za = zb"),
)
_STATISTICS: Final = {50: "median", 100: "max"}


def answers(segments: Path, *, since_ms: int, until_ms: int, at_ms: int) -> dict[Key, Answer]:
    """Return every figure of the segments below a folder."""
    times = {"since": since_ms, "until": until_ms, "at": at_ms}
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute(_TABLES.format(files=segments / "**" / "*.parquet", **times))
        parts = (_shares, _groups, _spreads, _graders, _means)
        return {key: answer for part in parts for key, answer in part(connection, times)}


def _rows(connection: duckdb.DuckDBPyConnection, query: str) -> list[Any]:
    return connection.execute(query).fetchall()


def _share(k: int, n: int) -> Answer:
    return (k / n, n, k) if n else (None, 0, None)


def _shares(
    connection: duckdb.DuckDBPyConnection, times: dict[str, int]
) -> Iterator[tuple[Key, Answer]]:
    for name, query in _SHARES.items():
        k, n = _rows(connection, query.format(**times))[0]
        yield (name, "share", "", ""), _share(k, n)
    seen = """SELECT count(*) FILTER (kind = 'diverter.unconfirmed' OR
      body->>'$.data.reason' = 'no_scan'), count(*) FROM e
      WHERE NOT test AND ms >= {since} AND ms < {until} AND (kind IN ('diverter.unconfirmed',
      'diverter.wrong_lane') OR
      (kind = 'move.in_doubt' AND body->>'$.data.reason' IN ('no_scan', 'wrong_place')) OR
      (kind = 'move.done' AND body->>'$.data.seen_at' IS NOT NULL) OR
      (kind = 'diverter.done' AND (body->>'$.data.exit_lane')::INT > 0))"""
    k, n = _rows(connection, seen.format(**times))[0]
    if n:
        yield ("lane_unseen", "share", "", ""), _share(k, n)
    yield ("no_fault_found", "share", "", ""), (None, 0, None)


def _groups(
    connection: duckdb.DuckDBPyConnection, times: dict[str, int]
) -> Iterator[tuple[Key, Answer]]:
    for (name, by), query in _GROUPS.items():
        for of, k, n in _rows(connection, query.format(**times)):
            yield (name, "share", by, of), _share(int(k), int(n))
    engine = """SELECT r, count(*), (SELECT count(*) FROM u) FROM (SELECT DISTINCT unit, "row" AS r
      FROM e WHERE kind = 'verdict.made' AND "row" LIKE '#%') JOIN u USING (unit) GROUP BY r"""
    for of, k, n in _rows(connection, engine):
        yield ("missing_fact", "share", "row", of), _share(k, n)
    damage = _SHARES["carrier_damage"].format(**times).replace(
        "SELECT count", "SELECT carrier, count", 1
    ).replace("SELECT parcel, looked", "SELECT parcel, carrier, looked", 1)  # fmt: skip
    for of, k, n in _rows(connection, f"{damage} GROUP BY carrier"):
        yield ("carrier_damage", "share", "carrier", of), _share(k, n)


def _spreads(
    connection: duckdb.DuckDBPyConnection, times: dict[str, int]
) -> Iterator[tuple[Key, Answer]]:
    for name, (query, percents) in _TIMES.items():
        inner = query.format(**times)
        groups = [("", "''")]
        if name.startswith("touch_") and name != "touch_return":
            groups += [("category", "category"), ("path", "coalesce(seal, '-')")]
        for by, column in groups:
            ranked = f"""SELECT {column} AS g, v, count(*) OVER (PARTITION BY g) AS n,
              row_number() OVER (PARTITION BY g ORDER BY v) AS nth FROM ({inner})
              WHERE v IS NOT NULL"""
            for percent in percents:
                found = _rows(
                    connection,
                    f"SELECT g, v, n FROM ({ranked}) WHERE nth = "
                    f"greatest(1, ceil({percent} * n / 100.0))",
                )
                for of, value, n in found or ([("", None, 0)] if not by else []):
                    statistic = _STATISTICS.get(percent, f"p{percent}")
                    yield (name, statistic, by, of), (value, n, None)


def _graders(
    connection: duckdb.DuckDBPyConnection, _: dict[str, int]
) -> Iterator[tuple[Key, Answer]]:
    categories = "SELECT DISTINCT coalesce(category, '-') FROM again LEFT JOIN every USING (unit)"
    groups = [(of,) for (of,) in _rows(connection, f"{categories} WHERE way = 'random'")]
    for name, usable, weight, equal in _AGREEMENT:
        for by, of in [("", ""), *(("category", of) for (of,) in groups)]:
            drawn = "again LEFT JOIN every USING (unit) WHERE way = 'random'"
            chosen = f"SELECT again.* FROM {drawn} AND {usable}"
            if by:
                chosen += f" AND coalesce(category, '-') = '{of}'"
            seen, chance = weight.format("p", "p"), weight.format("x", "y")
            n, k, po, pe = _rows(
                connection,
                f"WITH p AS ({chosen}) SELECT count(*), count(*) FILTER ({equal}), avg({seen}), "
                f"(SELECT avg({chance}) FROM p AS x, p AS y) FROM p",
            )[0]
            yield (name, "po", by, of), _share(k, n)
            is_told = n and pe < 1
            yield (name, "kappa", by, of), ((po - pe) / (1 - pe) if is_told else None, n, None)


def _means(
    connection: duckdb.DuckDBPyConnection, times: dict[str, int]
) -> Iterator[tuple[Key, Answer]]:
    typed = """SELECT sum(length(body->>'$.data.text')) FROM e WHERE kind = 'scan.read'
      AND body->>'$.data.via' = 'typed' AND NOT test AND ms >= {since} AND ms < {until}"""
    signs = _rows(connection, typed.format(**times))[0][0] or 0
    units, acts, closed, waiting, acting = _rows(
        connection,
        "SELECT count(*), sum(acts), count(acts), sum(waiting), sum(waiting + active) FROM u",
    )[0]
    yield ("acts", "mean", "", ""), (acts / closed if closed else None, closed, None)
    yield ("typed", "mean", "", ""), (signs / units if units else None, units, None)
    share = waiting / acting if acting else None
    yield (
        ("system_wait", "share", "", ""),
        (float(share) if share is not None else None, closed, None),
    )
