"""The exact bodies of sealed events, out of the segments again."""

from collections.abc import Iterator
from pathlib import Path

from edge.sync.segments.files import SEGMENTS, connect, fetched, listed, quoted


def sealed_bodies(out: Path) -> Iterator[bytes]:
    """Yield the bodies of all segments in order. Raises SegmentError for one that is damaged."""
    folder = out / SEGMENTS
    with connect() as connection:
        for name in listed(folder):
            query = f"SELECT body FROM read_parquet({quoted(name.below(folder))}) ORDER BY sequence"  # noqa: S608
            for (body,) in fetched(connection, query):
                yield str(body).encode("utf-8")
