"""`receiving-sim robot`, `receiving-edge doctor robot` and `doctor broker` as users run them."""

import asyncio
import contextlib
import fcntl
import json
import sys
import tomllib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from brokers import Mosquitto
from config_folder import make_config
from edge.cli import main
from sim.door import SimRefusedError, World

BIN = Path(sys.executable).parent


@contextlib.asynccontextmanager
async def played(*words: object) -> AsyncIterator[None]:
    """Run `receiving-sim robot` until its fleet is there."""
    process = await asyncio.create_subprocess_exec(
        BIN / "receiving-sim", "robot", *map(str, words), stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    try:
        async with asyncio.timeout(20):
            assert await process.stdout.readline() == b"ready\n"
        yield
    finally:
        process.terminate()
        await process.wait()


async def doctor(*words: object) -> tuple[int, str, str]:
    """Run `receiving-edge doctor …`; return exit code, standard output, standard error."""
    process = await asyncio.create_subprocess_exec(
        BIN / "receiving-edge",
        "doctor",
        *map(str, words),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    assert process.returncode is not None
    return process.returncode, out.decode(), err.decode()


async def test_a_robot_is_found_examined_and_reported_with_its_profile(tmp_path: Path) -> None:
    with Mosquitto() as broker:
        config = make_config(tmp_path, "demo", {"mqtt_port": str(broker.port)})
        run, report = tmp_path / "run", tmp_path / "report"
        at = ("--config", config, "--data", tmp_path / "data")
        where = f"127.0.0.1:{broker.port}"
        async with played("--broker", where, "--config", config, "--run", run, "--speed", 12):
            still = "R01,R03,R04,R05,R02"
            words = ("robot", "r1", "--scenarios", still, "--report", report, "--lang", "ru")
            code, out, _ = await doctor(*words, *at)
            assert (code, out.count("  да ")) == (0, 5)
            await World(run).ask({"do": "fault", "name": "no-theta", "on": True, "robot": "r1"})
            code, out, _ = await doctor("robot", "r1", "--scenarios", "R02", "--json", *at)
            assert (code, json.loads(out)["ok"]) == (1, False)
    profile = tomllib.loads((report / "profile.toml").read_text("utf-8"))
    assert profile["pick"] == {"stationType": "floor", "loadType": "tray"}
    assert "R01" in (report / "report.md").read_text("utf-8")


async def test_robots_are_found_by_listening(tmp_path: Path) -> None:
    with Mosquitto() as broker:
        config = make_config(tmp_path, "demo", {"mqtt_port": str(broker.port)})
        at = ("--config", config, "--data", tmp_path / "data")
        async with played("--broker", f"127.0.0.1:{broker.port}", "--config", config):
            found = await doctor("robot", "--discover", *at)
    assert found == (0, "uagv v2 ACME A-1\nuagv v2 ACME A-2\n", "")


def test_a_robot_that_is_not_configured_is_told_with_those_that_are(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    words = ["doctor", "robot", "r9", "--config", str(make_config(tmp_path, "demo", {}))]
    assert main([*words, "--data", str(tmp_path / "data")]) == 2
    assert capfd.readouterr().err == "doctor robot: there is no robot 'r9': r1, r2\n"


@pytest.mark.parametrize("words", [("robot", "r1"), ("broker",)])
def test_a_running_service_keeps_the_doctor_from_its_robots(
    words: tuple[str, ...], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    config, data = make_config(tmp_path, "demo", {}), tmp_path / "data"
    data.mkdir()
    with (data / "journal.lock").open("wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert main(["doctor", *words, "--config", str(config), "--data", str(data)]) == 2
    assert "stop it first" in capfd.readouterr().err


async def test_the_broker_is_judged_by_its_own_file(tmp_path: Path) -> None:
    with Mosquitto() as broker:
        config = make_config(tmp_path, "demo", {"mqtt_port": str(broker.port)})
        words = ("broker", "--config", config, "--data", tmp_path / "data", "--watch-s", 0.1)
        code, out, _ = await doctor(*words, "--broker-config", broker.config, "--json")
    rows = {row["what"]: row["state"] for row in json.loads(out)["lines"]}
    assert code == 1
    assert (rows["second answer"], rows["persistence"], rows["set_tcp_nodelay"]) == (
        "ok",
        "fail",
        "ok",
    )


async def test_a_fleet_obeys_its_control_door(tmp_path: Path) -> None:
    with Mosquitto() as broker:
        where, run = f"127.0.0.1:{broker.port}", tmp_path / "run"
        words = ("--broker", where, "--version", "3.0", "--fleet", 3, "--run", run)
        async with played(*words, "--fault", "late-accept=2"):
            door = World(run)
            await door.ask({"do": "power", "robot": "r2", "on": False})
            told = await door.ask({"do": "stats"})
            assert {key: row["on"] for key, row in told["robots"].items()} == {
                "r1": True,
                "r2": False,
                "r3": True,
            }
            await door.ask({"do": "power", "robot": "r2", "on": True})
            faults = await door.ask({"do": "fault", "name": "mute", "on": True})
            assert faults["faults"] == ["late-accept", "mute"]
            for wrong in ({"do": "dance"}, {"do": "power", "robot": "r9", "on": True}):
                with pytest.raises(SimRefusedError):
                    await door.ask(wrong)
            assert (await door.ask({"do": "stats"}))["robots"]["r2"]["on"] is True
