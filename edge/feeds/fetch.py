"""Feeds by HTTP: cursor, ETag, pages that are taken whole or refused whole. Never redirected.

`poll` serves folder feeds too, so that the service need not know the difference.
"""

import asyncio
import hashlib
import json
import logging
import random
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, Final, cast

import httpx

from drivers.protocols import Clock
from edge.feeds.accept import FeedReport, Row, RowProblem, accept, row_of_json
from edge.feeds.drop_folder import watch
from edge.feeds.policy_fetch import PackUnavailableError, fetch_pack
from edge.journal.reference import (
    Change,
    EntryChange,
    FeedState,
    Progress,
    Reference,
    Trouble,
    What,
)
from edge.settings.model import FeedSettings

__all__ = ["FeedReport", "RowProblem", "poll"]

PAGE_ROWS_MAX: Final = 1000  # asked for; a longer page is refused
PAGE_BYTES_MAX: Final = 2 * 1024 * 1024  # read and judged within some 20 ms of the loop, in slices
SLICE_ROWS: Final = 50
TOLD_MAX: Final = 20  # problems of one refusal that are kept
POLICIES: Final = "policies"
CONNECT_S: Final = 3.0
REQUEST_S: Final = 15.0
BACKOFF_S_MAX: Final = 60.0
RETRY_AFTER_S_MAX: Final = 900.0

Report = Callable[[FeedReport], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A page as it came, its rows not judged yet."""

    rows: list[Any]
    next: str
    more: bool


class FeedUnavailableError(Exception):
    """The far end gave no page; the same request again, later."""

    def __init__(self, feed: str, why: str, wait_s: float | None = None) -> None:
        super().__init__(f"feed {feed}: get: {why}")
        self.wait_s = wait_s


class PageRefusedError(Exception):
    """A page that is no page, or holds bad rows."""

    def __init__(self, problems: tuple[RowProblem, ...]) -> None:
        super().__init__("; ".join(map(str, problems[:5])))
        self.problems = problems


async def poll(
    feed: FeedSettings,
    reference: Reference,
    *,
    clock: Clock,
    rng: random.Random,
    on_report: Report,
) -> None:
    """Keep the reference up to date, for ever. Reports what was taken and what was refused.

    A refusal is reported once, not at each attempt; a far end that is away is only logged.
    """
    await reference.register(feed.name)
    if feed.kind == "folder":
        await watch(feed, reference, clock=clock, on_report=on_report)
        return
    headers = {"Accept": "application/json"}
    if feed.password_file is not None:
        token = feed.password_file.read_text(encoding="utf-8").strip()
        headers["Authorization"] = f"Bearer {token}"
    timeout = httpx.Timeout(REQUEST_S, connect=CONNECT_S)
    verify = feed.url.startswith("https:")  # reading the certificates takes a while
    async with httpx.AsyncClient(
        timeout=timeout, headers=headers, trust_env=False, verify=verify
    ) as client:
        await _Poller(feed, reference, client=client, clock=clock, on_report=on_report).run(rng)


class _Poller:
    def __init__(
        self,
        feed: FeedSettings,
        reference: Reference,
        *,
        client: httpx.AsyncClient,
        clock: Clock,
        on_report: Report,
    ) -> None:
        self._feed = feed
        self._reference = reference
        self._client = client
        self._clock = clock
        self._on_report = on_report
        self._refused = ""
        self._log = logging.getLogger(f"feed.{feed.name}")

    async def run(self, rng: random.Random) -> None:
        failures = 0
        while True:
            try:
                has_more = await self._turn()
            except FeedUnavailableError as error:
                if failures == 0:
                    self._log.warning("%s", error)
                    await self._note_trouble(What.AWAY, str(error))
                wait_s = rng.uniform(0.0, min(BACKOFF_S_MAX, 0.5 * 2.0 ** min(failures, 10)))
                failures += 1
                await asyncio.sleep(wait_s if error.wait_s is None else error.wait_s)
                continue
            if failures:
                self._log.warning("feed %s: is back", self._feed.name)
            failures = 0
            if not has_more:
                await asyncio.sleep(self._feed.poll_s)

    async def _turn(self) -> bool:
        """Take one page; True when the next one should be asked for at once."""
        state = self._reference.state(self._feed.name)
        response = await self._get(state)
        match response.status_code:
            case 200:
                return await self._take(response, state)
            case 304:
                await self._note(state, rows=0)
                return False
            case 410:  # the cursor expired: a new copy from the start, the old one meanwhile
                if state.cursor is None:
                    raise FeedUnavailableError(self._feed.name, "410 without a cursor")
                await self._reference.put(
                    self._feed.name,
                    (),
                    Progress(at_ms=self._clock.wall_ms(), starts_over=True, is_last=False),
                )
                return True
            case status:
                wait_s = _retry_after(response.headers.get("retry-after"))
                raise FeedUnavailableError(self._feed.name, f"answer {status}", wait_s)

    async def _get(self, state: FeedState) -> httpx.Response:
        parameters = {"limit": str(PAGE_ROWS_MAX)}
        if state.cursor is not None:
            parameters["cursor"] = state.cursor
        headers = {} if state.etag is None else {"If-None-Match": state.etag}
        url = httpx.URL(self._feed.url).copy_merge_params(parameters)
        try:
            async with (
                asyncio.timeout(REQUEST_S),
                self._client.stream("GET", url, headers=headers) as response,
            ):
                return await self._read(response)
        except (httpx.HTTPError, TimeoutError) as error:
            why = str(error) or type(error).__name__
            raise FeedUnavailableError(self._feed.name, why) from error

    async def _read(self, response: httpx.Response) -> httpx.Response:
        body = bytearray()
        # It is a generator: left early it must end here, not after the wait that the error brings.
        async with aclosing(cast("AsyncGenerator[bytes]", response.aiter_bytes())) as chunks:
            async for chunk in chunks:
                body += chunk
                if len(body) > PAGE_BYTES_MAX:
                    why = f"a page of more than {PAGE_BYTES_MAX} bytes"
                    raise FeedUnavailableError(self._feed.name, why)
        return httpx.Response(response.status_code, headers=_kept(response), content=bytes(body))

    async def _take(self, response: httpx.Response, state: FeedState) -> bool:
        try:
            page = _page(response.content)
            changes = await _judged(self._feed.name, page)
        except PageRefusedError as error:
            await self._refuse(error.problems)
            return False
        if not page.rows and not page.more and page.next == state.cursor and not state.is_loading:
            await self._note(state, rows=0, etag=response.headers.get("etag"))
            return False
        if self._feed.name == POLICIES:
            changes = await self._fetched(changes)
        progress = Progress(
            at_ms=self._clock.wall_ms(),
            cursor=page.next,
            starts_over=state.cursor is None and not state.is_loading,
            is_last=not page.more,
        )
        await self._reference.put(self._feed.name, changes, progress)
        await self._report(ok=True, rows=len(changes))
        return page.more

    async def _fetched(self, changes: list[Change]) -> list[Change]:
        """Fetch the packs that a page names; the cursor moves when all are handed in."""
        assert self._feed.folder is not None, "settings give the feed its inbox"
        try:
            for change in changes:
                assert isinstance(change, EntryChange), "a pack is named by an entry"
                await fetch_pack(self._client, change, self._feed.folder)
        except (PackUnavailableError, OSError) as error:
            raise FeedUnavailableError(self._feed.name, str(error)) from error
        return changes

    async def _note_trouble(self, what: What, reason: str) -> None:
        trouble = Trouble(what=what, at_ms=self._clock.wall_ms(), reason=reason)
        await self._reference.note(self._feed.name, trouble)

    async def _note(self, state: FeedState, *, rows: int, etag: str | None = None) -> None:
        """Nothing new: the copy is as fresh as this moment."""
        progress = Progress(
            at_ms=self._clock.wall_ms(),
            cursor=state.cursor,
            etag=etag or state.etag,
            is_last=not state.is_loading,
        )
        await self._reference.put(self._feed.name, (), progress)
        await self._report(ok=True, rows=rows)

    async def _refuse(self, problems: tuple[RowProblem, ...]) -> None:
        digest = hashlib.sha256("\n".join(map(str, problems)).encode()).hexdigest()
        if digest == self._refused:
            return
        self._log.error("feed %s: page refused: %s", self._feed.name, problems[0])
        await self._note_trouble(What.REFUSED, "; ".join(map(str, problems[:TOLD_MAX])))
        await self._report(ok=False, rows=0, refused=problems)
        self._refused = digest

    async def _report(self, *, ok: bool, rows: int, refused: tuple[RowProblem, ...] = ()) -> None:
        self._refused = ""
        at_ms = self._clock.wall_ms()
        report = FeedReport(feed=self._feed.name, ok=ok, rows=rows, refused=refused, at_ms=at_ms)
        await self._on_report(report)


async def _judged(feed: str, page: Page) -> list[Change]:
    """Judge in slices, so that scans are taken in between."""
    changes: list[Change] = []
    problems: list[RowProblem] = []
    for start in range(0, len(page.rows), SLICE_ROWS):
        rows = page.rows[start : start + SLICE_ROWS]
        good, bad = accept(feed, _numbered(rows, start + 1))
        changes += good
        problems += bad
        await asyncio.sleep(0)
    if problems:
        raise PageRefusedError(tuple(problems))
    return changes


def _numbered(rows: list[Any], first: int) -> list[Row]:
    return [row_of_json(number, row) for number, row in enumerate(rows, first)]


def _page(body: bytes) -> Page:
    try:
        document = json.loads(body)
    except ValueError as error:
        raise _refused("", f"is no JSON: {error}") from error
    if not isinstance(document, dict):
        raise _refused("", "an object is expected")
    rows, cursor, more = document.get("rows"), document.get("next"), document.get("more", False)
    if not isinstance(rows, list) or len(rows) > PAGE_ROWS_MAX:
        raise _refused("rows", f"a list of at most {PAGE_ROWS_MAX} is expected")
    if not isinstance(cursor, str) or not cursor:
        raise _refused("next", "text is expected")
    if not isinstance(more, bool):
        raise _refused("more", "true or false is expected")
    return Page(rows=rows, next=cursor, more=more)


def _refused(field: str, reason: str) -> PageRefusedError:
    return PageRefusedError((RowProblem(row=0, field=field, reason=reason),))


def _kept(response: httpx.Response) -> dict[str, str]:
    names = ("etag", "retry-after")
    return {name: response.headers[name] for name in names if name in response.headers}


def _retry_after(value: str | None) -> float | None:
    if value is None or not value.isascii() or not value.isdigit():
        return None
    return min(RETRY_AFTER_S_MAX, float(value))
