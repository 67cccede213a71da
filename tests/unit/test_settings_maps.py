"""Maps of central systems: what cannot work is refused by file, line and reason."""

import ast
from collections.abc import Callable
from pathlib import Path

import pytest

from edge.commands.init import TARGETS, write
from edge.journal.outbox import is_wanted
from edge.outward import HOLD_REASONS, STATUSES
from edge.settings.load import SettingsError, load
from edge.settings.model import Settings
from source_tree import below, calls, modules, tree


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A minimal station with every named system."""
    folder = tmp_path / "config"
    write(folder, "minimal", {}, force=False, targets=TARGETS)
    return folder


def changed(path: Path, change: Callable[[str], str]) -> None:
    before = path.read_text(encoding="utf-8")
    after = change(before)
    assert after != before
    path.write_text(after, encoding="utf-8")


def problems(config: Path) -> list[str]:
    try:
        load(config)
    except SettingsError as error:
        return [str(problem) for problem in error.problems]
    return []


def test_the_named_systems_are_good_as_they_are_shipped(config: Path) -> None:
    settings: Settings = load(config)
    assert [target.name for target in settings.targets] == list(TARGETS)
    assert set(settings.outward) == set(TARGETS)
    for target in settings.targets:
        statuses = settings.outward[target.name].statuses
        assert target.name == "bi" or statuses is not None
        assert settings.outward[target.name].mark_raw == (target.name in ("oms", "bi"))
        assert target.audit == (target.name == "bi")
        assert not target.personal


def test_the_digest_of_the_configuration_holds_the_maps(config: Path) -> None:
    before = load(config).digest
    changed(config / "targets" / "oms-status.csv", lambda text: text.replace("GRADED", "G"))
    assert load(config).digest != before


@pytest.mark.parametrize("status", STATUSES)
def test_a_status_without_a_code_is_refused(config: Path, status: str) -> None:
    def without(text: str) -> str:
        return "".join(line for line in text.splitlines(True) if not line.startswith(f"{status},"))

    changed(config / "targets" / "wms-status.csv", without)
    assert problems(config) == [
        f"targets/wms-status.csv: status {status} is not mapped: a code, or - : not sent"
    ]


def test_held_is_mapped_by_all_its_reasons_too(config: Path) -> None:
    rows = "".join(f"held,{reason},H\n" for reason in HOLD_REASONS)
    changed(config / "targets" / "wms-status.csv", lambda text: text.replace("held,,Q\n", rows))
    assert problems(config) == []
    changed(
        config / "targets" / "wms-status.csv", lambda text: text.replace("held,dispute,H\n", "")
    )
    assert "status held is not mapped" in problems(config)[0]


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("sold,,X", "line 17: unknown status 'sold'"),
        ("placed,dispute,X", "line 17: unknown reason 'dispute'"),
        ("held,mood,X", "line 17: unknown reason 'mood'"),
        ("placed,,X", "line 17: placed  again"),
        ("announced,,", "line 17: no code"),
        ("placed", "line 17: has another number of fields"),
    ],
)
def test_a_bad_row_of_a_status_map_is_named(config: Path, line: str, problem: str) -> None:
    changed(config / "targets" / "wms-status.csv", lambda text: f"{text}{line}\n")
    assert any(problem in one for one in problems(config)), problems(config)


@pytest.mark.parametrize(
    ("rule", "problem"),
    [
        ("[[rule]]\nevents = []\n", "takes nothing"),
        ('[[rule]]\nevents = ["*"]\nrename = { zone = "a", row = "a" }\n', "name 'a' stands more"),
        ('[[rule]]\nevents = ["*"]\nrename = { zone = "Зона" }\n', "'Зона' does not fit"),
        ('[[rule]]\nevents = ["*"]\ndrop = ["a"]\nrename = { a = "b" }\n', "a is dropped"),
        ('[[rule]]\nevents = ["*"]\nkept = ["a"]\n', "unknown key"),
        ("[other]\n", "unknown key"),
        ("x", "no TOML"),
    ],
)
def test_a_bad_rule_is_named(config: Path, rule: str, problem: str) -> None:
    (config / "targets" / "tms-map.toml").write_text(rule, encoding="utf-8")
    found = problems(config)
    assert found[0].startswith("targets/tms-map.toml")
    assert any(problem in one for one in found)


def test_a_map_that_is_not_there_or_out_of_place_is_refused(config: Path) -> None:
    (config / "targets" / "tms-map.toml").unlink()
    (config / "targets" / "tms-status.csv").unlink()
    assert [one.split(":")[0] for one in problems(config)] == [
        "targets/tms-map.toml",
        "targets/tms-status.csv",
    ]
    changed(config / "sync.toml", lambda text: text.replace('map = "tms"', 'map = "../tms"'))
    assert any("'../tms' does not fit" in one for one in problems(config))


def test_no_system_but_bi_hears_of_devices_and_scans(config: Path) -> None:
    for target in load(config).targets:
        quiet = [
            kind
            for kind in ("scan.read", "device.state", "station.started", "sync.dead")
            if is_wanted(kind, target.events)
        ]
        assert quiet == (["scan.read", "device.state", "station.started"] * (target.name == "bi"))


def test_every_status_that_the_station_sets_is_known() -> None:
    """Third argument of `on_unit` and `on_parcel`, wherever it is written out."""
    found = {
        argument.value
        for path in modules("edge")
        if below(path, "edge.station", "edge.dispatch")
        for name, call in calls(tree(path))
        if name in ("on_unit", "on_parcel")
        for argument in call.args[2:]
        if isinstance(argument, ast.Constant)
    }
    assert {"arrived", "identified", "placed", "hazard"} <= found <= set(STATUSES)
