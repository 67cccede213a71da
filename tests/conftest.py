"""What holds for every test: nothing is left running, and nobody but this machine is called."""

import asyncio
import inspect
import os
import socket
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable, Generator, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

import kinds_page

LEFT_S = 3.0  # how long threads and children may take to end after their test
SLOW = (HealthCheck.too_slow,)
SKIP_ALLOWED = "RECEIVING_EDGE_EPCIS_DATA"
# Where to write what shifts left, in place of comparing it: scripts/campaigns/kinds.py asks so.
KINDS_TO = os.environ.get(kinds_page.WRITE_TO)
PASSED = pytest.StashKey[bool]()

settings.register_profile("dev", max_examples=50, deadline=None, print_blob=True)
settings.register_profile(
    "ci", max_examples=300, deadline=None, print_blob=True, suppress_health_check=SLOW
)
settings.register_profile(
    "nightly", max_examples=10_000, deadline=None, print_blob=True, suppress_health_check=SLOW
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci" if os.environ.get("CI") else "dev"))


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--fail-on-skip", action="store_true", help="a skipped test fails the run")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "shift(name): a scripted shift of docs/cases.md")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.when == "call":
        item.stash[PASSED] = report.passed
    if report.skipped and not hasattr(report, "wasxfail") and item.config.getoption("fail_on_skip"):
        reason = str(report.longrepr)
        if SKIP_ALLOWED not in reason:
            report.outcome = "failed"
            report.longrepr = f"skipped, but nothing may be skipped here: {reason}"
    return report


def _refuse_strangers(event: str, arguments: tuple[Any, ...]) -> None:
    if event in ("socket.connect", "socket.bind") and isinstance(arguments[1], tuple):
        host = str(arguments[1][0])
        if not host.startswith("127.") and host not in ("", "::1", "localhost"):
            raise PermissionError(f"tests stay on 127.0.0.1, this one went to {host}")


sys.addaudithook(_refuse_strangers)


@pytest.fixture(autouse=True)
def nothing_left(request: pytest.FixtureRequest) -> Iterator[None]:
    """A test that leaves a thread, a child process, a listening port or a task fails."""
    if inspect.iscoroutinefunction(getattr(request, "function", None)):
        request.getfixturevalue("no_task_left")
    threads, children, ports = _threads(), _children(), _ports()
    yield
    for what, look, before in (
        ("threads", _threads, threads),
        ("children", _children, children),
        ("listening ports", _ports, ports),
    ):
        assert not _still_there(look, before), f"left {what}: {_still_there(look, before)}"


@pytest.fixture(autouse=True)
def kinds_that_the_shift_left(request: pytest.FixtureRequest) -> Iterator[None]:
    """The journals of a shift hold the kinds that the page of cases says it leaves."""
    mark = request.node.get_closest_marker("shift")
    kinds_page.LEFT.clear()
    yield
    if mark is None or not request.node.stash.get(PASSED, False):  # failed, or skipped
        return
    (name,) = mark.args
    if KINDS_TO:
        kinds_page.write(Path(KINDS_TO), name, kinds_page.LEFT)
        return
    lacks = kinds_page.left_by(name) - kinds_page.LEFT
    assert not lacks, f"shift {name} did not leave {sorted(lacks)}"


@pytest.fixture
async def no_task_left() -> AsyncIterator[None]:
    """Loop debug on; every task of the test has ended with it."""
    loop = asyncio.get_running_loop()
    loop.set_debug(True)
    loop.slow_callback_duration = 10.0
    before = asyncio.all_tasks()
    yield
    left = asyncio.all_tasks() - before - {asyncio.current_task()}
    assert not left, f"left tasks: {sorted(task.get_name() for task in left)}"


def _still_there(look: Callable[[], set[str]], before: set[str]) -> set[str]:
    end = time.monotonic() + LEFT_S
    while (left := look() - before) and time.monotonic() < end:
        time.sleep(0.02)
    return left


def _threads() -> set[str]:
    # Threads of a loop's own executor (name look-ups) end when the loop is closed, after this look.
    return {
        f"{thread.name} ({thread.ident})"
        for thread in threading.enumerate()
        if not thread.name.startswith("asyncio_")
    }


def _children() -> set[str]:
    found: set[str] = set()
    for tasks in Path("/proc/self/task").glob("*/children"):
        try:
            found.update(tasks.read_text().split())
        except OSError:  # that thread has just ended
            continue
    return found


def _ports() -> set[str]:
    # Each socket is asked itself: the table of all sockets takes 8 ms to read.
    found: set[str] = set()
    for path in Path("/proc/self/fd").iterdir():
        if not _target(path).startswith("socket:"):
            continue
        try:
            asked = socket.socket(fileno=os.dup(int(path.name)))
        except OSError:  # another thread has just closed it
            continue
        with asked:
            listens = asked.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)
            if listens and asked.family in (socket.AF_INET, socket.AF_INET6):
                found.add(f"{asked.getsockname()[1]}")
    return found


def _target(path: Path) -> str:
    try:
        return str(path.readlink())
    except OSError:  # the descriptor that lists the folder itself
        return ""
