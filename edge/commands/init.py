"""`receiving-edge init DIR --profile NAME`: a commented configuration, policy pack and site key.

It overwrites nothing unless --force is given, and never replaces a site key.
"""

import argparse
import json
import os
import secrets
import shutil
import string
import sys
import tomllib
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

PROFILES: Final = ("demo", "bench", "minimal")
KEY_FILE: Final = "site.key"
KEY_BYTES: Final = 32
TARGETS: Final = ("portal", "crm", "erp", "oms", "wms", "tms", "bi")
SHARED: Final = ("packs", "profiles", "barcodes.toml", "marks.toml", "training.toml")
PORTS: Final = {
    "mqtt_port": "1883",
    "modbus_port": "5020",
    "camera_port": "8081",
    "central_port": "8080",
}
SITE: Final = {
    "site": "my-site",
    "station": "ST-01",
    "namespace": "https://returns.example.com",
    "scanner_port": "/dev/serial/by-id/usb-MY_SCANNER-if00",
}
BENCH: Final = {
    "camera": "/dev/v4l/by-id/usb-MY_CAMERA-video-index0",
    "mqtt_host": "127.0.0.1",
    "mqtt_port": "1883",
    "conveyor": "tcp://192.168.0.10:502",
    "platform": "https://platform.example.com/returns",
}


class InitError(Exception):
    """Nothing was written, or only in part; the message says what stands in the way."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's arguments."""
    parser.add_argument("folder", type=Path, metavar="DIR", help="where the configuration goes")
    parser.add_argument(
        "--profile",
        choices=PROFILES,
        required=True,
        help="demo: simulated floor; bench: scanner, camera, robots, belt; minimal: one scanner",
    )
    parser.add_argument(
        "--set", action="append", default=[], metavar="NAME=VALUE", help="fill a value in"
    )
    parser.add_argument(
        "--target",
        action="append",
        default=[],
        choices=TARGETS,
        help="a central system with its filter and maps, to be given its address in sync.toml",
    )
    parser.add_argument("--force", action="store_true", help="overwrite files that are there")


def run(args: argparse.Namespace) -> int:
    """Write the configuration; 1 when it could not be."""
    try:
        values, targets = read_values(args.set), tuple(args.target)
        write(args.folder, args.profile, values, force=args.force, targets=targets)
    except (InitError, OSError) as error:
        print(f"init: {error}", file=sys.stderr)
        return 1
    print(f"{args.folder}: configuration {args.profile} written; next: edit it, then")
    print(f"  receiving-edge check-config --config {args.folder}")
    return 0


def write(
    folder: Path,
    profile: str,
    values: Mapping[str, str],
    *,
    force: bool,
    targets: tuple[str, ...] = (),
) -> None:
    """Write a profile's files, the shared ones, targets and a site key that is not there yet.

    Raises InitError for an unknown value or a folder that is not empty, OSError from the disk.
    """
    if not force and folder.is_dir() and any(folder.iterdir()):
        raise InitError(f"{folder} is not empty; --force overwrites")
    shipped = shipped_config()
    known = defaults(profile, folder)
    for name in values:
        if name not in known:
            raise InitError(f"--set {name}: unknown; {profile} knows {', '.join(sorted(known))}")
    texts = filled(shipped / "init" / profile, {**known, **values})
    texts["sync.toml"] += "".join(
        "\n" + (shipped / "targets" / f"{target}.toml").read_text(encoding="utf-8")
        for target in dict.fromkeys(targets)
    )
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    for name in SHARED:
        _copy(shipped / name, folder / name)
    for target in targets:
        _copy_maps(shipped / "targets", target, folder / "targets")
    make_key(folder / KEY_FILE)


def read_values(pairs: list[str]) -> dict[str, str]:
    """Return NAME=VALUE pairs as a mapping. Raises InitError for what would break the TOML."""
    values: dict[str, str] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals or not name.isidentifier():
            raise InitError(f"--set {pair}: NAME=VALUE is wanted")
        if any(char in '"\\' or not char.isprintable() for char in value):
            raise InitError(f"--set {name}: quotes, backslashes and control characters do not fit")
        values[name] = value
    return values


def defaults(profile: str, folder: Path) -> dict[str, str]:
    """Return what --set may name in a profile, with what stands there without it."""
    match profile:
        case "demo":
            return {"run_dir": str(folder.absolute().parent / "run"), **PORTS}
        case "bench":
            return {"run_dir": "/run/receiving-edge", **SITE, **BENCH}
        case _:
            return {"run_dir": "/run/receiving-edge", **SITE}


def filled(folder: Path, values: Mapping[str, str]) -> dict[str, str]:
    """Return the profile's files with their `$name` places filled, each of them still TOML."""
    texts: dict[str, str] = {}
    for path in sorted(folder.glob("*.toml")):
        text = string.Template(path.read_text(encoding="utf-8")).substitute(values)
        try:
            tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise InitError(f"a value does not fit into {path.name}: {error}") from error
        texts[path.name] = text
    return texts


def make_key(path: Path) -> None:
    """Write 32 random bytes, mode 0600. A key that is there stays: printed labels rest on it."""
    if path.exists():
        return
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(secrets.token_bytes(KEY_BYTES))


def shipped_config() -> Path:
    """Return the configuration that came with this program: the checkout's, else the package's.

    Raises InitError when neither is there.
    """
    places = [Path(sys.prefix) / "share" / "receiving-edge" / "config"]
    checkout = _checkout()
    if checkout is not None:
        places.insert(0, checkout / "config")
    for place in places:
        if (place / "init").is_dir():
            return place
    raise InitError(f"the shipped configuration is not in {' or '.join(map(str, places))}")


def _checkout() -> Path | None:
    """Return the source folder of an editable install, None for any other."""
    text = metadata.distribution("receiving-edge").read_text("direct_url.json")
    origin = json.loads(text) if text else {}
    if not origin.get("dir_info", {}).get("editable"):
        return None
    return Path(unquote(urlsplit(origin["url"]).path))


def _copy_maps(source: Path, target: str, folder: Path) -> None:
    for path in source.glob(f"{target}-*"):
        folder.mkdir(exist_ok=True)
        shutil.copyfile(path, folder / path.name)


def _copy(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, target, dirs_exist_ok=True)
    else:
        shutil.copyfile(source, target)
