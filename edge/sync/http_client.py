"""What every target over HTTP has in common: one connection, who we are, how an answer is read."""

import json
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Any, Final, cast

import httpx

from edge.settings.model import TargetSettings
from edge.settings.tls import open_context, read_secret

CONNECT_S: Final = 3.0
RETRY_AFTER_S_MAX: Final = 900.0
ANSWER_BYTES_MAX: Final = 4 * 1024 * 1024


def open_client(target: TargetSettings) -> httpx.AsyncClient:
    """Return a client with one connection kept alive, never redirected.

    Token and certificates are read now. Raises OSError or ValueError where they cannot be used.
    """
    headers = {}
    if target.password_file is not None:
        headers["Authorization"] = f"Bearer {read_secret(target.password_file)}"
    return httpx.AsyncClient(
        headers=headers,
        timeout=httpx.Timeout(target.request_s, connect=CONNECT_S),
        limits=httpx.Limits(max_connections=1, keepalive_expiry=None),
        trust_env=False,
        verify=open_context(target) if target.url.startswith("https:") else False,
    )


async def read_body(response: httpx.Response) -> bytes | None:
    """Return the answer's body, None when it is longer than any answer of ours may be."""
    body = bytearray()
    # It is a generator: left early it must end here, not whenever it is collected.
    async with aclosing(cast("AsyncGenerator[bytes]", response.aiter_bytes())) as chunks:
        async for chunk in chunks:
            body += chunk
            if len(body) > ANSWER_BYTES_MAX:
                return None
    return bytes(body)


def json_object(body: bytes | None) -> Mapping[str, Any] | None:
    """Return the object that a body holds, None when it holds anything else."""
    if body is None:
        return None
    try:
        told = json.loads(body)
    except ValueError:
        return None
    return told if isinstance(told, dict) else None


def retry_after_s(value: str | None, wall_ms: int) -> float | None:
    """Return the wait a receiver asked for, in seconds or as a date, capped at 15 minutes."""
    if value is None:
        return None
    if value.isascii() and value.isdigit():
        return min(RETRY_AFTER_S_MAX, float(value))
    at_s = http_date_s(value)
    return None if at_s is None else min(RETRY_AFTER_S_MAX, max(0.0, at_s - wall_ms / 1000))


def http_date_s(value: str | None) -> float | None:
    """Return an HTTP date as seconds since the epoch, None for what is none."""
    if value is None:
        return None
    try:
        moment = parsedate_to_datetime(value)
    except ValueError:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
