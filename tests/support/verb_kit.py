"""Calls of `receiving-edge policy` inside this process, and pack folders to call them on."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeAlias

import pytest

from edge.cli import main
from history_kit import written
from source_tree import ROOT

DEFAULT = ROOT / "config" / "packs" / "default"
Run: TypeAlias = Callable[..., tuple[int, str, str]]


def calls(capfd: pytest.CaptureFixture[str]) -> Run:
    """Return a call of a policy verb: exit code, standard output, standard error."""

    def call(*words: object) -> tuple[int, str, str]:
        code = main(["policy", *map(str, words)])
        out, err = capfd.readouterr()
        return code, out, err

    return call


def pack_with(tmp_path: Path, files: Mapping[str, bytes]) -> Path:
    """Write a pack's folder."""
    return written(files, tmp_path / "pack")
