"""The folder of one demo run and its children, in the order in which they need each other."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

from edge.commands.demo.children import Child, ChildError, free_ports, program

BROKER = """server_name: "demo"
listen: "127.0.0.1:{nats}"
jetstream {{ store_dir: "{store}", sync_interval: always, max_file_store: 256MB }}
mqtt {{ listen: "127.0.0.1:{mqtt}", ack_wait: "30s", max_ack_pending: 1024 }}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """Where everything of one run lies, and its processes."""

    folder: Path
    world: Child
    service: Child
    central_url: str

    @property
    def run(self) -> Path:
        """Return the folder of sockets and the scanner's pty."""
        return self.folder / "run"

    @property
    def journal(self) -> Path:
        """Return the journal's file."""
        return self.folder / "data" / "journal.db"


@contextlib.asynccontextmanager
async def staged(
    folder: Path, *, parcels: int, seed: int, speed: float | None
) -> AsyncIterator[Stage]:
    """Start broker, simulated floor and service; stop them in reverse, whatever happens."""
    mqtt, nats, modbus, camera, central = free_ports(5)
    for name in ("run", "data", "log"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    ports = {
        "run_dir": str(folder / "run"),
        "mqtt_port": str(mqtt),
        "modbus_port": str(modbus),
        "camera_port": str(camera),
        "central_port": str(central),
    }
    await _configure(folder, ports)
    broker = Child("broker", _broker(folder, nats, mqtt), folder / "log" / "broker.log")
    world = Child("simulated floor", _world(folder, parcels, seed, speed), _log(folder, "world"))
    service = Child("service", _service(folder), _log(folder, "serve"))
    async with contextlib.AsyncExitStack() as stack:
        stack.push_async_callback(broker.stop)
        await broker.start_listening(mqtt)
        for child in (world, service):
            stack.push_async_callback(child.stop)
            await child.start()
        url = f"http://127.0.0.1:{central}"
        yield Stage(folder=folder, world=world, service=service, central_url=url)


async def _configure(folder: Path, values: dict[str, str]) -> None:
    if (folder / "config" / "station.toml").exists():
        raise ChildError(f"{folder / 'config'} holds a configuration already; name a new folder")
    pairs = [word for name, value in values.items() for word in ("--set", f"{name}={value}")]
    process = await asyncio.create_subprocess_exec(
        program("receiving-edge"),
        "init",
        str(folder / "config"),
        "--profile",
        "demo",
        *pairs,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    _, said = await process.communicate()
    if process.returncode != 0:
        raise ChildError(f"init: {said.decode(errors='replace').strip()}")


def _broker(folder: Path, nats: int, mqtt: int) -> list[str]:
    config = folder / "run" / "broker.conf"
    store = folder / "run" / "broker"
    config.write_text(BROKER.format(nats=nats, mqtt=mqtt, store=store), encoding="utf-8")
    return [program("nats-server"), "-c", str(config)]


def _world(folder: Path, parcels: int, seed: int, speed: float | None) -> list[str]:
    command = [program("receiving-sim"), "world", "--config", str(folder / "config")]
    command += ["--run", str(folder / "run"), "--seed", str(seed), "--parcels", str(parcels)]
    return command + (["--speed", str(speed)] if speed is not None else [])


def _service(folder: Path) -> list[str]:
    paths = ["--config", str(folder / "config"), "--data", str(folder / "data")]
    return [program("receiving-edge"), "serve", *paths, "--log", str(_log(folder, "serve-log"))]


def _log(folder: Path, name: str) -> Path:
    return folder / "log" / f"{name}.log"
