"""What monitors and a service manager see of a station: over real sockets, with a real service."""

import socket
import subprocess
import sys
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from config_folder import change, make_config
from edge.metrics import PREFIX, Metrics
from edge.service.monitoring import STALE_S, Health, MonitoringDoor
from edge.service.notify import Notifier
from edge.settings.model import MetricsSettings
from journal_kit import HandClock
from ports import free_port

READY_S = 20


@asynccontextmanager
async def door(metrics: Metrics, clock: HandClock, port: int = 0) -> AsyncIterator[MonitoringDoor]:
    async with MonitoringDoor(MetricsSettings(port=port), metrics, clock) as opened:
        yield opened


async def page(opened: MonitoringDoor, path: str) -> httpx.Response:
    async with httpx.AsyncClient(trust_env=False) as client:
        return await client.get(f"http://127.0.0.1:{opened.port}{path}")


async def test_metrics_tell_what_was_counted_under_the_published_names() -> None:
    metrics = Metrics()
    metrics.events.labels("verdict.made").inc(3)
    metrics.pending.labels("oms").set(7)
    async with door(metrics, HandClock()) as opened:
        answer = await page(opened, "/metrics")
    assert answer.headers["content-type"].startswith("text/plain")
    assert f'{PREFIX}_events_total{{kind="verdict.made"}} 3.0' in answer.text
    assert f'{PREFIX}_outbox_pending{{target="oms"}} 7.0' in answer.text


async def test_a_station_whose_loop_is_silent_is_not_well() -> None:
    clock = HandClock()
    async with door(Metrics(), clock) as opened:
        assert (await page(opened, "/healthz")).status_code == 200
        clock.push_ms(int(STALE_S * 1000))
        answer = await page(opened, "/healthz")
    assert answer.status_code == 503
    assert answer.json()["silent_ms"] >= STALE_S * 1000


async def test_a_station_that_cannot_record_is_not_well_and_says_why() -> None:
    clock = HandClock()
    async with door(Metrics(), clock) as opened:
        opened.health = Health(
            at_ns=clock.monotonic_ns(), stopped="E90", disk="full", targets={"oms": "red"}
        )
        answer = await page(opened, "/healthz")
    told = answer.json()
    assert answer.status_code == 503
    assert (told["ok"], told["stopped"], told["disk"]) == (False, "E90", "full")


async def test_a_central_system_that_is_away_leaves_the_station_well() -> None:
    clock = HandClock()
    async with door(Metrics(), clock) as opened:
        opened.health = Health(at_ns=clock.monotonic_ns(), targets={"oms": "red"})
        answer = await page(opened, "/healthz")
        elsewhere = await page(opened, "/secret")
    assert answer.status_code == 200
    assert answer.json()["targets"] == {"oms": "red"}
    assert elsewhere.status_code == 404


async def test_a_port_that_is_taken_is_said_and_stops_nothing(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        async with door(Metrics(), HandClock(), port) as opened:
            assert opened.port is None
    assert f"port {port}" in caplog.text


async def test_without_a_port_nothing_is_opened() -> None:
    async with MonitoringDoor(MetricsSettings(), Metrics(), HandClock()) as opened:
        assert opened.port is None
    assert not [one for one in threading.enumerate() if one.name == "monitoring"]


def test_a_client_that_says_nothing_does_not_hold_the_next_one_for_long(tmp_path: Path) -> None:
    """The whole service: silence on its door, then both pages, READY and WATCHDOG by datagram."""
    manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    manager.bind(str(tmp_path / "notify"))
    manager.settimeout(READY_S)
    config = make_config(tmp_path, "minimal", {"run_dir": str(tmp_path)})
    port = free_port()
    change(config, "station.toml", "port = 9464", f"port = {port}")
    command = [
        sys.executable,
        "-P",
        "-c",
        "import sys; from edge.cli import main; sys.exit(main())",
    ]
    command += ["serve", "--config", str(config), "--data", str(tmp_path / "data")]
    env = {"NOTIFY_SOCKET": str(tmp_path / "notify"), "PATH": "/usr/bin:/bin"}
    with manager, subprocess.Popen(command, env=env, stdout=subprocess.PIPE) as service:
        try:
            assert manager.recv(64) == b"READY=1"
            assert manager.recv(64) == b"WATCHDOG=1"
            with socket.create_connection(("127.0.0.1", port)):
                answer = httpx.get(f"http://127.0.0.1:{port}/healthz", timeout=10, trust_env=False)
            text = httpx.get(f"http://127.0.0.1:{port}/metrics", timeout=10, trust_env=False).text
        finally:
            service.terminate()
            service.communicate(timeout=READY_S)
        told = {manager.recv(64) for _ in range(2)}
    assert answer.json()["ok"] is True
    assert 'receiving_edge_events_total{kind="station.started"} 1.0' in text
    assert "receiving_edge_loop_lag_seconds_count" in text
    assert "receiving_edge_commit_seconds_count" in text
    assert "receiving_edge_chain_ok 1.0" in text
    assert b"STOPPING=1" in told or b"WATCHDOG=1" in told
    assert service.returncode == 0


def test_nobody_to_tell_is_no_error(caplog: pytest.LogCaptureFixture, tmp_path: Path) -> None:
    Notifier(None).ready()
    lost = Notifier(str(tmp_path / "nobody"))
    lost.alive()
    lost.alive()
    assert len(caplog.records) == 1
