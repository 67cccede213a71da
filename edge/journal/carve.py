"""Events found in the raw pages of a journal's files, whatever has become of the trees above them.

An event is taken only when its body has its digest: nothing is guessed. Source: SQLite file
format, B-tree pages, record format, WAL frames.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from edge.journal.proof import Row, columns_of, envelope_of, is_whole

PAGE: Final = 4096
LEAF: Final = 0x0D  # table leaf
CELLS_MAX: Final = PAGE // 4
LOCAL_MAX: Final = PAGE - 35  # a longer payload goes on in other pages
LOCAL_MIN: Final = (PAGE - 12) * 32 // 255 - 23
WAL_HEADER: Final = 32
FRAME_HEADER: Final = 24
COLUMNS: Final = 9
TEXT_MIN: Final = 13
INTEGER_BYTES: Final = {1: 1, 2: 2, 3: 3, 4: 4, 5: 6, 6: 8}

Read = Callable[[int], bytes]


def carved(path: Path) -> Iterator[Row]:
    """Yield the whole events of a database file and of its log; one may come several times."""
    with path.open("rb") as file:
        size = path.stat().st_size

        def page(number: int) -> bytes:
            file.seek((number - 1) * PAGE)
            return file.read(PAGE)

        for number in range(1, size // PAGE + 1):
            yield from _events(page(number), page)
    log = path.with_name(f"{path.name}-wal")
    if log.exists():
        yield from _of_log(log)


def whole(body: bytes, digest: bytes) -> Row | None:
    """Return the row that a body with its digest stands for; its columns are those it names."""
    row = Row(0, b"", b"", None, None, None, 0, body, digest)
    envelope = envelope_of(body) if is_whole(row) else None
    if envelope is None:
        return None
    try:
        seq, key, kind, parcel, unit, given, recorded_ms = columns_of(envelope)
    except (KeyError, TypeError, ValueError, AttributeError):
        return None
    return Row(seq, key, kind, parcel, unit, given, recorded_ms, body, digest)


def _of_log(log: Path) -> Iterator[Row]:
    """Pages in the frames of the log's present round; older frames have other salts."""
    raw = log.read_bytes()
    salts = raw[16:24]
    newest: dict[int, bytes] = {}
    pages: list[bytes] = []
    for at in range(WAL_HEADER, len(raw) - FRAME_HEADER - PAGE + 1, FRAME_HEADER + PAGE):
        if raw[at + 8 : at + 16] != salts:
            continue
        page = raw[at + FRAME_HEADER : at + FRAME_HEADER + PAGE]
        newest[int.from_bytes(raw[at : at + 4])] = page
        pages.append(page)
    for page in pages:
        yield from _events(page, lambda number: newest.get(number, b""))


def _events(page: bytes, read: Read) -> Iterator[Row]:
    start = 100 if page.startswith(b"SQLite format 3") else 0
    if len(page) < PAGE or page[start] != LEAF:
        return
    count = int.from_bytes(page[start + 3 : start + 5])
    for n in range(min(count, CELLS_MAX)):
        at = start + 8 + 2 * n
        row = _event(page, int.from_bytes(page[at : at + 2]), read)
        if row is not None:
            yield row


def _event(page: bytes, at: int, read: Read) -> Row | None:
    try:
        size, at = _varint(page, at)
        _, at = _varint(page, at)
        fields = _fields(_payload(page, at, size, read))
    except (IndexError, ValueError):
        return None
    if len(fields) != COLUMNS:
        return None
    body, digest = fields[-2:]
    return whole(body, digest)


def _payload(page: bytes, at: int, size: int, read: Read) -> bytes:
    """Return a payload with what of it lies in overflow pages."""
    if size <= LOCAL_MAX:
        return page[at : at + size]
    local = LOCAL_MIN + (size - LOCAL_MIN) % (PAGE - 4)
    local = local if local <= LOCAL_MAX else LOCAL_MIN
    found = page[at : at + local]
    following = int.from_bytes(page[at + local : at + local + 4])
    while following and len(found) < size:
        more = read(following)
        if len(more) < PAGE:
            raise ValueError("an overflow page that is not there")
        found += more[4:]
        following = int.from_bytes(more[:4])
    return found[:size]


def _fields(record: bytes) -> list[bytes]:
    """Return the raw bytes of each column of a record."""
    length, at = _varint(record, 0)
    sizes: list[int] = []
    while at < length:
        kind, at = _varint(record, at)
        sizes.append((kind - 12) // 2 if kind >= TEXT_MIN - 1 else INTEGER_BYTES.get(kind, 0))
    fields: list[bytes] = []
    at = length
    for size in sizes:
        fields.append(record[at : at + size])
        at += size
    return fields


def _varint(raw: bytes, at: int) -> tuple[int, int]:
    value = 0
    for n in range(8):
        value = value << 7 | raw[at + n] & 0x7F
        if raw[at + n] < 0x80:
            return value, at + n + 1
    return value << 8 | raw[at + 8], at + 9
