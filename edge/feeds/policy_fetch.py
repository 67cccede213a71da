"""Policy packs named by the feed `policies`: fetched, compared with their digest, handed in.

What becomes of a pack is the policy inbox's word, as for one that a person has dropped there.
"""

import asyncio
import hashlib
import json
from collections.abc import AsyncGenerator
from contextlib import aclosing
from pathlib import Path
from typing import Final, cast

import httpx

from edge.journal.reference import EntryChange

PACK_BYTES_MAX: Final = 64 * 1024 * 1024
PACK_S: Final = 120.0
WRITE_BYTES: Final = 256 * 1024


class PackUnavailableError(Exception):
    """A pack that cannot be fetched, or is not the one that was named."""


async def fetch_pack(client: httpx.AsyncClient, change: EntryChange, inbox: Path) -> None:
    """Put a pack into the inbox, whole or not at all. One that came before is not fetched again.

    Raises PackUnavailableError, and OSError from the disk.
    """
    row = json.loads(change.body or "{}")
    name = f"{row['sha256']}.zip"
    if _is_there(inbox, name):
        return
    half = inbox / f"{name}.part"
    try:
        async with asyncio.timeout(PACK_S), client.stream("GET", row["url"]) as response:
            digest = await _written(response, half, name)
        if digest != row["sha256"]:
            raise PackUnavailableError(f"pack {name}: has another digest")
        half.replace(inbox / name)
    except (httpx.HTTPError, TimeoutError) as error:
        raise PackUnavailableError(f"pack {name}: {error or type(error).__name__}") from error
    finally:
        half.unlink(missing_ok=True)


async def _written(response: httpx.Response, half: Path, name: str) -> str:
    """Write what comes and return its digest."""
    if response.status_code != 200:
        raise PackUnavailableError(f"pack {name}: answer {response.status_code}")
    digest = hashlib.sha256()
    size = 0
    # It is a generator: left early it must end here, not whenever it is collected.
    came = cast("AsyncGenerator[bytes]", response.aiter_bytes(WRITE_BYTES))
    with half.open("wb") as file:
        async with aclosing(came) as chunks:
            async for chunk in chunks:
                size += len(chunk)
                if size > PACK_BYTES_MAX:
                    raise PackUnavailableError(f"pack {name}: too large")
                digest.update(chunk)
                file.write(chunk)
    return digest.hexdigest()


def _is_there(inbox: Path, name: str) -> bool:
    inbox.mkdir(parents=True, exist_ok=True)
    return any((inbox / place / name).exists() for place in ("", "done", "bad"))
