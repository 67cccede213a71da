"""A candidate in shadow at a station: set, counted from the journal, demanded by a pack, ended."""

import json
from pathlib import Path

import pytest

from edge.cli import main
from edge.events import ConfigActivated, ConfigRefused, VerdictMade
from policy_kit import default_pack
from policy_station import PolicySite, Running
from seal_kit import GAP, STRICTER, Office, candidate, write_files
from zoning.pack import load_pack

V1 = default_pack()
V2_FILES = candidate(2, STRICTER)
V2 = load_pack(V2_FILES)
BY_HAND = """
[[cap]]
id = "C9"
output = "move"
at_most = "manual"
when = "category = 'apparel'"
text = { ru = "Одежда: руками", en = "Clothes by hand" }
"""
V3_FILES = candidate(3)
V3_FILES["policy.toml"] += BY_HAND.encode()
V3 = load_pack(V3_FILES)


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Office:
    return Office.opened(tmp_path_factory.mktemp("office"))


@pytest.fixture
def site(tmp_path: Path, office: Office) -> PolicySite:
    return PolicySite.made(tmp_path, office, signed=True)


async def _in_shadow(site: PolicySite, station: Running, files: dict[str, bytes]) -> None:
    pack = write_files(site.data / load_pack(files).sha256[:8], files)
    assert main(["policy", "shadow", "set", str(pack), "--data", str(site.data)]) == 0
    await station.inbox.take_all()


def _status(site: PolicySite, capsys: pytest.CaptureFixture[str]) -> dict[str, object]:
    capsys.readouterr()
    assert main(["policy", "shadow", "status", "--json", "--data", str(site.data)]) == 0
    told: dict[str, object] = json.loads(capsys.readouterr().out)
    return told


async def test_a_shadow_is_set_counted_survives_a_restart_and_is_ended(
    site: PolicySite, capsys: pytest.CaptureFixture[str]
) -> None:
    async with site.started() as station:
        await _in_shadow(site, station, V3_FILES)
        assert station.receiving.state.shadow == V3.sha256
        assert station.receiving.state.active == V1.sha256
        await station.begin_shirt()
    async with site.started() as station:
        assert station.receiving.state.shadow == V3.sha256
        await station.finish()
        assert main(["policy", "shadow", "off", "--data", str(site.data)]) == 0
        await station.inbox.take_all()
        assert station.receiving.state.shadow == ""
    (verdict,) = [event.payload for event in site.events("verdict.made")]
    assert isinstance(verdict, VerdictMade)
    (said,) = verdict.shadow
    assert (verdict.move, said.move) == ("auto", "manual")
    told = _status(site, capsys)
    assert (told["candidate"], told["base"]) == (V3.sha256, V1.sha256)
    assert (told["units"], told["differ"], told["not_comparable"]) == (1, 1, 0)
    assert told["rows"] == [{"row": "R13", "units": 1, "differ": 1, "bound_permille": 1000}]
    whats = [(one.what, one.sha256) for one in site.policy()]
    assert whats == [("policy", V1.sha256), ("shadow", V3.sha256), ("shadow", "")]
    assert main(["policy", "shadow", "status", "--data", str(site.data)]) == 0
    assert "R13               1 units       1 differ" in capsys.readouterr().out


async def test_a_candidate_that_the_gate_refuses_is_no_shadow(site: PolicySite) -> None:
    async with site.started() as station:
        await _in_shadow(site, station, candidate(2, GAP))
        assert station.receiving.state.shadow == ""
    refused = site.policy()[-1]
    assert isinstance(refused, ConfigRefused)
    assert (refused.what, refused.version) == ("shadow", 2)
    assert refused.counterexample is not None


async def test_a_candidate_that_comes_in_force_is_no_shadow_any_more(
    site: PolicySite, office: Office
) -> None:
    async with site.started() as station:
        await _in_shadow(site, station, V2_FILES)
        assert station.receiving.state.shadow == V2.sha256
        site.drop(office.sealed("v2", V2_FILES, V1), "v2")
        await station.inbox.take_all()
        state = station.receiving.state
        assert (state.active, state.shadow) == (V2.sha256, "")
    async with site.started() as station:
        state = station.receiving.state
        assert (state.active, state.shadow) == (V2.sha256, "")


async def test_a_pack_may_demand_its_own_shadow_first(site: PolicySite, office: Office) -> None:
    rule = ("--shadow-min-units", "1", "--shadow-max-permille")
    strict = office.sealed("strict", V2_FILES, V1, *rule, "949")
    mild = office.sealed("mild", V2_FILES, V1, *rule, "950")
    async with site.started() as station:
        site.drop(mild, "1")
        await station.inbox.take_all()
        await _in_shadow(site, station, V2_FILES)
        await station.begin_shirt()
        await station.finish()
        site.drop(strict, "2")
        await station.inbox.take_all()
        assert station.receiving.state.active == V1.sha256
        site.drop(mild, "3")
        await station.inbox.take_all()
        assert station.receiving.state.active == V2.sha256
    errors = [one.error for one in site.policy() if isinstance(one, ConfigRefused)]
    assert errors == [
        "shadow: 0 units compared, 1 are needed",
        "shadow: 0 of 1 differ, at most 950.0 ‰ with 95 % confidence; 949 ‰ are allowed",
    ]


async def test_another_stations_shadow_may_be_attested(
    tmp_path: Path, office: Office, capsys: pytest.CaptureFixture[str]
) -> None:
    there = PolicySite.made(tmp_path / "there", office, signed=True)
    async with there.started() as station:
        await _in_shadow(there, station, V2_FILES)
        await station.begin_shirt()
        await station.finish()
    report = tmp_path / "shadow.json"
    report.write_text(json.dumps(_status(there, capsys)), encoding="utf-8")
    here = PolicySite.made(tmp_path / "here", office, signed=True)
    rule = ("--shadow-min-units", "1", "--shadow-max-permille", "950")
    pack = office.sealed("attested", V2_FILES, V1, *rule, "--shadow-report", str(report))
    async with here.started() as station:
        here.drop(pack, "1")
        await station.inbox.take_all()
        assert station.receiving.state.active == V2.sha256
    assert isinstance(here.policy()[-1], ConfigActivated)


async def test_an_attested_shadow_of_another_pack_counts_for_nothing(
    site: PolicySite, office: Office, capsys: pytest.CaptureFixture[str]
) -> None:
    async with site.started() as station:
        await _in_shadow(site, station, V3_FILES)
        await station.begin_shirt()
        await station.finish()
        report = office.folder / "shadow.json"
        report.write_text(json.dumps(_status(site, capsys)), encoding="utf-8")
        rule = ("--shadow-min-units", "1", "--shadow-max-permille", "999")
        pack = office.written("unsigned", V2_FILES)
        words = ["--author", "anna", "--key", str(office.anna.pem), *rule]
        words += ["--shadow-report", str(report)]
        assert main(["policy", "sign", str(pack), *words]) == 1
        assert "about another pack" in capsys.readouterr().err


def test_the_verb_without_a_station_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    where = ["--data", str(tmp_path)]
    assert main(["policy", "shadow", "status", *where]) == 1
    assert main(["policy", "shadow", "set", *where]) == 2
    assert main(["policy", "shadow", "off", str(tmp_path), *where]) == 2
    assert main(["policy", "shadow", "off", *where]) == 0
    assert "there is no shadow" in capsys.readouterr().out
