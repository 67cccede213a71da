"""A configuration folder as `init` writes it, and words to change in it."""

from collections.abc import Mapping
from pathlib import Path

from edge.commands.init import write


def make_config(
    folder: Path, profile: str = "demo", values: Mapping[str, str] | None = None
) -> Path:
    """Write a profile into `folder`/config and return that folder."""
    config = folder / "config"
    write(config, profile, values or {}, force=False)
    return config


def change(config: Path, file: str, old: str, new: str) -> None:
    """Replace the first occurrence of words that must be there."""
    path = config / file
    text = path.read_text(encoding="utf-8")
    assert old in text, f"{file} has no {old!r}"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
