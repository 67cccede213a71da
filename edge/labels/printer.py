"""A label printer on the network: raw bytes to its port 9100.

That it is not there is a normal state. That the bytes went out proves no label: a printed one
counts when it is scanned back.
"""

import asyncio
import contextlib
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from drivers.protocols import Clock, Deadline
from edge.labels.zpl import (
    STATUS_BYTES_MAX,
    STATUS_QUESTION,
    PrinterStatus,
    read_status,
)

PORT: Final = 9100
JOB_BYTES_MAX: Final = 16 * 1024 * 1024
_ANSWER_S: Final = 1.0  # many printers never answer on this port


class PrintOutcome(StrEnum):
    """What became of a job."""

    SENT = "sent"
    REFUSED = "refused"
    NOT_REACHED = "not_reached"
    CUT_OFF = "cut_off"


@dataclass(frozen=True, slots=True, kw_only=True)
class Printed:
    """The outcome and, if it is not `sent`, why."""

    outcome: PrintOutcome
    why: str = ""


def read_address(text: str) -> tuple[str, int]:
    """Return host and port of `host` or `host:port`. Raises ValueError when it is neither."""
    host, _, port = text.rpartition(":") if ":" in text else (text, "", str(PORT))
    if not host or not port.isascii() or not port.isdigit() or not 0 < int(port) < 65536:
        raise ValueError(f"{text!r} is no printer: host or host:port")
    return host, int(port)


async def print_job(
    address: tuple[str, int], job: bytes, deadline: Deadline, clock: Clock
) -> Printed:
    """Send a job whole; asks first whether the printer can print. Never raises for the network.

    After `cut_off` some labels may have come out.
    """
    if len(job) > JOB_BYTES_MAX:
        return Printed(outcome=PrintOutcome.REFUSED, why="job_too_long")
    try:
        async with asyncio.timeout(deadline.remaining_s(clock)):
            reader, writer = await asyncio.open_connection(*address)
    except (OSError, TimeoutError) as error:
        return Printed(outcome=PrintOutcome.NOT_REACHED, why=str(error) or "no answer in time")
    try:
        async with asyncio.timeout(deadline.remaining_s(clock)):
            return await _send(reader, writer, job)
    except (OSError, TimeoutError) as error:
        return Printed(outcome=PrintOutcome.CUT_OFF, why=str(error) or "not taken in time")
    finally:
        writer.transport.abort()  # what was to be sent is sent, or the deadline is over


async def _send(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, job: bytes) -> Printed:
    status = await _ask(reader, writer)
    if status is not None and status.trouble:
        return Printed(outcome=PrintOutcome.REFUSED, why=status.trouble)
    writer.write(job)
    await writer.drain()
    writer.close()
    await writer.wait_closed()
    return Printed(outcome=PrintOutcome.SENT)


async def _ask(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> PrinterStatus | None:
    """Return what the printer says about itself; None when it says nothing."""
    writer.write(STATUS_QUESTION)
    await writer.drain()
    answer = b""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_ANSWER_S):
            while answer.count(b"\x03") < 3 and len(answer) < STATUS_BYTES_MAX:
                part = await reader.read(STATUS_BYTES_MAX)
                if not part:
                    break
                answer += part
    return read_status(answer)
