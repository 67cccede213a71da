"""The set-up scripts: what they say, in one line, when something is missing."""

import os
import shutil
import subprocess
from pathlib import Path
from typing import Final

import pytest

from source_tree import ROOT

SCRIPTS: Final = ("demo", "test", "check", "bench")
TOOLS: Final = (
    *("sh", "cat", "sha256sum", "cut", "mkdir", "rm", "dirname", "uname", "awk", "tail", "flock"),
)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """Return a checkout without an environment, and beside it a PATH without Python."""
    folder = tmp_path / "check out"
    shutil.copytree(ROOT / "scripts", folder / "scripts")
    for name in ("requirements.lock", "requirements-dev.lock", "pyproject.toml"):
        shutil.copyfile(ROOT / name, folder / name)
    (tmp_path / "bin").mkdir()
    for tool in TOOLS:
        found = shutil.which(tool)
        if found:
            (tmp_path / "bin" / tool).symlink_to(found)
    return folder


def run(checkout: Path, name: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(checkout / "scripts" / name)],
        cwd="/",
        env={"PATH": str(checkout.parent / "bin"), "HOME": "/nonexistent"},
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )


@pytest.mark.parametrize("name", [*SCRIPTS, "environment", "../.ci/run"])
def test_a_script_is_good_shell_and_may_be_run(name: str) -> None:
    path = ROOT / "scripts" / name
    result = subprocess.run(["sh", "-n", str(path)], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    assert os.access(path, os.X_OK) or name == "environment"


@pytest.mark.parametrize("name", SCRIPTS)
def test_without_python_one_line_says_how_to_get_it(checkout: Path, name: str) -> None:
    result = run(checkout, name)
    assert result.returncode == 1
    assert result.stderr == (
        f"{name}: Python 3.11 or newer is needed and not on PATH; "
        "get it: apt install python3 python3-venv\n"
    )


def test_an_old_python_is_as_good_as_none(checkout: Path) -> None:
    _program(checkout, "python3", "exit 1")
    assert "Python 3.11 or newer is needed" in run(checkout, "demo").stderr


def test_without_the_venv_module_one_line_says_how_to_get_it(checkout: Path) -> None:
    _program(checkout, "python3", 'case "$*" in *ensurepip*) exit 1 ;; esac')
    result = run(checkout, "demo")
    assert result.returncode == 1
    assert result.stderr.endswith("has no venv module; get it: apt install python3-venv\n")
    assert result.stderr.count("\n") == 1


def test_where_it_cannot_be_built_evdev_alone_is_left_out() -> None:
    lock = ROOT / "requirements.lock"
    script = '. "$1/scripts/environment"; without_evdev "$2"'
    result = subprocess.run(
        ["sh", "-c", script, "sh", str(ROOT), str(lock)],
        capture_output=True,
        text=True,
        check=True,
    )
    before, after = lock.read_text().splitlines(), result.stdout.splitlines()
    gone = [line for line in before if line not in after]
    assert [line.partition("==")[0] for line in gone if line[:1].isalpha()] == ["evdev"]
    assert len(before) - len(after) == len(gone)


def _program(checkout: Path, name: str, body: str) -> None:
    path = checkout.parent / "bin" / name
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)
