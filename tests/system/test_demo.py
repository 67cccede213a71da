"""Whole stations: real broker, Modbus, pty, HTTP and sockets; only the floor is simulated."""

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

import pytest

KEYS = [
    "units", "zones", "wrong_zone", "moves", "diverts", "hand_moves", "hand_moves_unplanned",
    "double_picks", "double_diverts", "in_doubt_open", "kills", "resumed_same_step",
    "events_committed", "events_platform", "lost", "duplicated", "chain_ok", "scan_view_ms",
    "scan_order_ms", "seconds",
]  # fmt: skip
NONE_OF = (
    "wrong_zone",
    "hand_moves_unplanned",
    "double_picks",
    "double_diverts",
    "lost",
    "duplicated",
)


async def _demo(folder: Path, *arguments: str) -> dict[str, Any]:
    """Run the demo to its end and return the one object it prints."""
    process = await asyncio.create_subprocess_exec(
        str(Path(sys.executable).with_name("receiving-edge")),
        "demo",
        "--headless",
        "--json",
        "--run",
        str(folder),
        *arguments,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    said, complaint = await process.communicate()
    assert process.returncode == 0, complaint.decode() + said.decode()
    numbers: dict[str, Any] = json.loads(said)
    return numbers


@pytest.mark.timeout(150)
async def test_a_simulated_operator_receives_returns_end_to_end(tmp_path: Path) -> None:
    numbers = await _demo(tmp_path / "run", "--units", "8", "--seed", "7")
    assert list(numbers) == KEYS
    assert {name: numbers[name] for name in NONE_OF} == dict.fromkeys(NONE_OF, 0)
    assert numbers["units"] == 8
    assert sum(numbers["zones"].values()) == 8
    assert numbers["moves"] > 0
    assert numbers["diverts"] > 0
    assert numbers["chain_ok"] is True
    assert numbers["events_platform"] == numbers["events_committed"] > 100


@pytest.mark.timeout(240)
async def test_a_service_that_is_killed_loses_nothing_and_does_nothing_twice(
    tmp_path: Path,
) -> None:
    numbers = await _demo(tmp_path / "run", "--units", "10", "--seed", "2", "--kill-every", "4")
    assert numbers["kills"] >= 1
    assert {name: numbers[name] for name in NONE_OF} == dict.fromkeys(NONE_OF, 0)
    assert numbers["chain_ok"] is True
