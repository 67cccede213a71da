"""Reading a pack's folder: what is no policy, what leads out, what would never end."""

import os
from pathlib import Path

import pytest

from edge.feeds.pack_folder import ENTRIES_MAX, FILES_MAX, read_pack
from policy_kit import pack_files

MIB = 1 << 20


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, content in pack_files().items():
        path = tmp_path / "pack" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return tmp_path / "pack"


def test_a_pack_folder_is_read_without_what_is_no_policy(folder: Path) -> None:
    (folder / "readme.md").write_text("hello", encoding="utf-8")
    assert read_pack(folder) == {
        name: content for name, content in pack_files().items() if name.endswith((".toml", ".csv"))
    }


def test_a_pipe_is_refused_and_not_waited_for(folder: Path) -> None:
    os.mkfifo(folder / "zone2.csv")
    with pytest.raises(OSError, match=r"zone2\.csv: no regular file"):
        read_pack(folder)


@pytest.mark.parametrize("target", ["/dev/zero", "/etc/hostname", "../other.csv"])
def test_a_link_out_of_the_folder_is_refused(folder: Path, target: str) -> None:
    (folder.parent / "other.csv").write_text("", encoding="utf-8")
    (folder / "zone2.csv").symlink_to(target)
    with pytest.raises(OSError, match=r"zone2\.csv: leads out of the folder"):
        read_pack(folder)


def test_a_link_inside_the_folder_is_followed(folder: Path) -> None:
    (folder / "zone.csv").rename(folder / "kept")
    (folder / "zone.csv").symlink_to("kept")
    assert read_pack(folder)["zone.csv"] == pack_files()["zone.csv"]


def test_a_folder_full_of_other_things_is_refused(folder: Path) -> None:
    many = folder / "photos"
    many.mkdir()
    for at in range(ENTRIES_MAX):
        (many / f"{at}.jpg").touch()
    with pytest.raises(OSError, match="more than 1000 entries"):
        read_pack(folder)


def test_too_many_policy_files_are_refused(folder: Path) -> None:
    for at in range(FILES_MAX):
        (folder / f"{at}.toml").touch()
    with pytest.raises(OSError, match="more than 200 policy files"):
        read_pack(folder)


def test_of_a_huge_file_only_one_byte_too_many_is_read(folder: Path) -> None:
    with (folder / "zone.csv").open("r+b") as file:
        file.truncate(100 * MIB)
    assert len(read_pack(folder)["zone.csv"]) == MIB + 1
