"""A journal lies on a local disk: the service says so before it writes anything."""

import subprocess
from pathlib import Path

import pytest

from edge.cli import main
from edge.journal.file_system import MOUNTS, JournalPlaceError, kind_of, need_local
from power_loss import PROGRAM, recorded, why_no_fuse

needs_fuse = pytest.mark.skipif(bool(why_no_fuse()), reason=why_no_fuse() or "there is FUSE")


def _config(folder: Path) -> Path:
    config = folder / "config"
    values = ("--set", f"run_dir={folder}", "--set", "site=s")
    assert main(["init", str(config), "--profile", "minimal", *values]) == 0
    return config


@needs_fuse
def test_the_service_refuses_fuse_and_leaves_no_file_there(tmp_path: Path) -> None:
    config = _config(tmp_path)
    said: list[subprocess.CompletedProcess[str]] = []

    def start(mount: Path) -> None:
        words = [str(PROGRAM), "serve", "--config", str(config), "--data", str(mount / "data")]
        said.append(subprocess.run(words, capture_output=True, text=True, check=False))
        with pytest.raises(JournalPlaceError, match="fuse"):
            need_local(mount / "data", allow_fuse=False)
        need_local(mount / "data", allow_fuse=True)
        assert list((mount / "data").iterdir()) == []

    recorded(tmp_path, start)
    assert said[0].returncode == 1
    assert "is not safe: choose a local disk" in said[0].stderr


def _root_is_listed() -> bool:
    """Return whether the kernel names the file system of `/`; in a bare chroot it names none."""
    return any(line.split()[4] == "/" for line in MOUNTS.read_text("utf-8").splitlines())


def test_a_local_disk_is_taken_and_so_is_one_of_which_the_kernel_tells_nothing(
    tmp_path: Path,
) -> None:
    need_local(tmp_path, allow_fuse=False)
    assert kind_of(tmp_path) != "unknown" or not _root_is_listed()
