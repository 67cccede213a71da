"""`init`: what it writes, what it refuses, what it leaves alone."""

import argparse
import stat
import tomllib
from pathlib import Path

import pytest

from edge.commands import init
from edge.commands.init import InitError, read_values, write
from edge.settings.load import load


def parse(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    init.add_arguments(parser)
    return parser.parse_args(words)


@pytest.mark.parametrize("profile", init.PROFILES)
def test_a_profile_is_written_with_pack_profiles_numbers_and_key(
    tmp_path: Path, profile: str
) -> None:
    config = tmp_path / "config"
    assert init.run(parse(str(config), "--profile", profile)) == 0
    names = {path.name for path in config.iterdir()}
    assert names >= {"station.toml", "devices.toml", "floor.toml", "sync.toml", "people.toml"}
    assert names >= {"packs", "profiles", "barcodes.toml", "site.key"}
    assert ("demo.toml" in names) == (profile == "demo")


def test_values_go_into_the_files(tmp_path: Path) -> None:
    write(tmp_path, "demo", {"mqtt_port": "4711", "run_dir": "/run/x y"}, force=False)
    devices = tomllib.loads((tmp_path / "devices.toml").read_text())
    assert devices["robots"]["port"] == 4711
    assert devices["scanner"]["hand-1"]["port"] == "/run/x y/scanner"


@pytest.mark.parametrize(("profile", "mode"), [("bench", "preprinted"), ("minimal", "none")])
def test_at_a_working_bench_what_leaves_alone_has_a_number(
    tmp_path: Path, profile: str, mode: str
) -> None:
    """A laptop and a scanner alone have no roll: the first unit must not wait for one."""
    write(tmp_path, profile, {"site": "hub-1", "station": "ST-01"}, force=False)
    rules = load(tmp_path, data=tmp_path / "data").station.lpn
    assert {rules.mode_of(zone, "apparel") for zone in ("hold", "repair", "hazmat")} == {mode}
    assert rules.mode_of("resale", "apparel") == "none"


def test_the_key_is_secret_and_random(tmp_path: Path) -> None:
    for name in ("a", "b"):
        write(tmp_path / name, "minimal", {}, force=False)
    one, other = tmp_path / "a" / "site.key", tmp_path / "b" / "site.key"
    assert stat.S_IMODE(one.stat().st_mode) == 0o600
    assert len(one.read_bytes()) == 32
    assert one.read_bytes() != other.read_bytes()


def test_a_folder_with_something_in_it_is_refused(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("x")
    assert init.run(parse(str(tmp_path), "--profile", "demo")) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


def test_force_overwrites_files_but_never_the_key(tmp_path: Path) -> None:
    write(tmp_path, "demo", {}, force=False)
    key = (tmp_path / "site.key").read_bytes()
    (tmp_path / "station.toml").write_text("broken")
    write(tmp_path, "demo", {}, force=True)
    assert "namespace" in (tmp_path / "station.toml").read_text()
    assert (tmp_path / "site.key").read_bytes() == key


@pytest.mark.parametrize(
    "pair", ["novalue", "=x", "a b=c", 'site="x"', "site=a\\b", "site=a\nb", "1a=x"]
)
def test_a_pair_that_would_break_the_file_is_refused(pair: str) -> None:
    with pytest.raises(InitError):
        read_values([pair])


def test_an_unknown_value_names_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(InitError, match="mqtt_prot: unknown; demo knows camera_port, central_port"):
        write(tmp_path, "demo", {"mqtt_prot": "1"}, force=False)


def test_a_value_that_is_no_toml_writes_nothing(tmp_path: Path) -> None:
    with pytest.raises(InitError, match=r"does not fit into devices\.toml"):
        write(tmp_path / "new", "demo", {"mqtt_port": "none"}, force=False)
    assert not (tmp_path / "new").exists()


def test_every_place_in_the_shipped_files_has_a_value(tmp_path: Path) -> None:
    shipped = init.shipped_config() / "init"
    assert {path.name for path in shipped.iterdir()} == set(init.PROFILES)
    for profile in init.PROFILES:
        texts = init.filled(shipped / profile, init.defaults(profile, tmp_path))
        assert not [name for name, text in texts.items() if "$" in text]
