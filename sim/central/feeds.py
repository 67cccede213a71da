"""Reference data as pages: cursor, limit, ETag, 304 when nothing is new."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sim.web import Request, Response

LIMIT_DEFAULT: Final = 1000
_JSON: Final = {"Content-Type": "application/json; charset=utf-8"}


@dataclass(frozen=True, slots=True)
class Feed:
    """Rows in the order in which they became known. A cursor is `<generation>-<row number>`."""

    rows: Sequence[dict[str, Any]]
    generation: str = "g1"

    def answer(self, request: Request) -> Response:
        """Return one page; 304 = the client has it, 410 = a cursor of another generation."""
        start = self._start(request.query.get("cursor", ""))
        limit = request.query.get("limit", str(LIMIT_DEFAULT))
        if start is None:
            return _problem(410, "cursor expired")
        if not limit.isdigit() or int(limit) == 0:
            return _problem(400, "limit: a positive number is expected")
        rows = self.rows[start : start + int(limit)]
        end = start + len(rows)
        page = {
            "rows": rows,
            "next": f"{self.generation}-{end}",
            "more": end < len(self.rows),
        }
        body = json.dumps(page, ensure_ascii=False).encode()
        etag = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
        if request.headers.get("if-none-match") == etag:
            return Response(status=304, headers={"ETag": etag})
        return Response(body=body, headers={**_JSON, "ETag": etag})

    def _start(self, cursor: str) -> int | None:
        if not cursor:
            return 0
        generation, _, number = cursor.partition("-")
        if generation != self.generation or not number.isdigit():
            return None
        return int(number) if int(number) <= len(self.rows) else None


def _problem(status: int, title: str) -> Response:
    return Response(status=status, body=json.dumps({"title": title}).encode(), headers=_JSON)
