"""A pack comes in force at a station: by the inbox, by the journal, across crashes and restarts."""

import asyncio
import logging
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.cli import main
from edge.events import ConfigActivated, ConfigRefused, DeviceProven, VerdictMade
from edge.feeds.pack_folder import read_pack
from edge.feeds.pack_seal import MANIFEST
from edge.service.packs import PackError
from edge.service.policy_desk import PolicyDesk
from edge.settings.model import JournalSettings
from policy_kit import default_pack, pack_files
from policy_station import NOW_MS, PolicySite
from seal_kit import GAP, GENTLER, STRICTER, Office, candidate, write_files, write_zip
from source_tree import ROOT
from zoning.pack import load_pack

V1 = default_pack()
V2_FILES = candidate(2, STRICTER)
V2 = load_pack(V2_FILES)
V3_FILES = candidate(3, GENTLER)
V3 = load_pack(V3_FILES)
SOON = "2026-09-22T00:00:00.000Z"
SOON_MS = 1_790_035_200_000
USED_UP = JournalSettings(warn_percent=0, high_percent=0, full_percent=0)


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Office:
    return Office.opened(tmp_path_factory.mktemp("office"))


@pytest.fixture
def site(tmp_path: Path, office: Office) -> PolicySite:
    return PolicySite.made(tmp_path, office, signed=True)


@pytest.fixture
def plain(tmp_path: Path, office: Office) -> PolicySite:
    return PolicySite.made(tmp_path, office, signed=False)


class CrashError(Exception):
    """The process ends here."""


class DiesBefore(PolicyDesk):
    """The process ends after the copy was made and before the journal has it."""

    async def commit(
        self, event: ConfigActivated | ConfigRefused | DeviceProven, once: str
    ) -> bool:
        raise CrashError


class DiesAfter(PolicyDesk):
    """The process ends after the commit and before the drop is laid aside."""

    async def commit(
        self, event: ConfigActivated | ConfigRefused | DeviceProven, once: str
    ) -> bool:
        assert await super().commit(event, once)
        raise CrashError


async def test_a_signed_pack_comes_in_force_and_stays_after_a_restart(
    site: PolicySite, office: Office
) -> None:
    pack = office.sealed("v2", V2_FILES, V1)
    async with site.started() as station:
        assert station.receiving.state.active == V1.sha256
        site.drop(pack, "v2")
        await station.inbox.take_all()
        assert station.receiving.state.active == V2.sha256
        await station.inbox.take_all()
    first, second = site.policy()
    assert (first.sha256, first.author) == (V1.sha256, None)
    assert isinstance(second, ConfigActivated)
    assert (second.what, second.id, second.version) == ("policy", "default", 2)
    assert (second.author, second.approver) == ("anna", "boris")
    assert second.rehearsal is not None
    assert second.rehearsal.base_sha256 == V1.sha256
    assert (site.lying(), site.lying("done")) == ([], ["v2"])
    assert load_pack(read_pack(site.data / "packs" / V2.sha256)).sha256 == V2.sha256
    async with site.started() as station:
        assert station.receiving.state.active == V2.sha256
        assert station.packs.news == ()
    assert len(site.policy()) == 2


async def test_what_the_station_has_decided_is_rehearsed_signed_and_put_in_force(
    site: PolicySite,
    office: Office,
) -> None:
    """The whole way of a new version, by the verbs alone."""
    async with site.started() as station:
        await station.begin_shirt()
        await station.finish()
        pack, report = office.written("whole", V2_FILES), site.data / "report.json"
        journal = str(site.data / "journal.db")
        assert (
            main(["policy", "rehearse", str(pack), "--against", journal, "--json", str(report)])
            == 0
        )
        office.approved(office.signed("whole", V2_FILES, "--rehearsal", str(report)))
        assert main(["policy", "activate", str(pack), "--data", str(site.data)]) == 0
        await station.inbox.take_all()
        assert station.receiving.state.active == V2.sha256
    activated = site.policy()[-1]
    assert isinstance(activated, ConfigActivated)
    assert activated.rehearsal is not None
    assert (activated.rehearsal.records, activated.rehearsal.stations) == (1, 1)


async def test_two_packs_at_once_are_taken_in_name_order(site: PolicySite, office: Office) -> None:
    second = office.sealed("v2", V2_FILES, V1)
    third = office.sealed("v3", V3_FILES, V2)
    async with site.started() as station:
        site.drop(write_zip(office.folder / "v3.zip", read_all(third)), "000003.zip")
        site.drop(second, "000002")
        await station.inbox.take_all()
        assert station.receiving.state.active == V3.sha256
    assert [one.version for one in site.policy()] == [1, 2, 3]
    assert site.lying("done") == ["000002", "000003.zip"]


async def test_what_was_rehearsed_against_another_base_is_refused(
    site: PolicySite, office: Office
) -> None:
    async with site.started() as station:
        site.drop(office.sealed("v2", V2_FILES, V1), "2")
        site.drop(office.sealed("v3a", V3_FILES, V1), "3")
        site.drop(office.sealed("v3", V3_FILES, V2), "4")
        site.drop(office.sealed("v2b", candidate(2, GENTLER), V3), "5")
        await station.inbox.take_all()
        assert station.receiving.state.active == V3.sha256
    refused = [one for one in site.policy() if isinstance(one, ConfigRefused)]
    assert [(one.version, one.error.partition(",")[0]) for one in refused] == [
        (3, f"rehearsed against {V1.sha256[:12]}"),
        (2, "version 2 is not above 3"),
    ]
    assert (site.lying("done"), site.lying("bad")) == (["2", "4"], ["3", "3.err", "5", "5.err"])


async def test_a_tampered_pack_changes_nothing_and_its_reason_is_told(
    site: PolicySite, office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    pack = office.sealed("tampered", V2_FILES, V1)
    (pack / "zone.csv").write_bytes((pack / "zone.csv").read_bytes() + b"\n")
    async with site.started() as station:
        site.drop(pack, "v2")
        await station.inbox.take_all()
        assert station.receiving.state.active == V1.sha256
        note = station.receiving.screen.note
        assert note is not None
        assert (note.t, note.p) == ("fb.policy_refused", {"v": 2})
    refused = site.policy()[-1]
    assert isinstance(refused, ConfigRefused)
    assert (refused.what, refused.id, refused.version) == ("policy", "default", 2)
    assert (refused.sha256, refused.author, refused.approver) == (V2.sha256, "anna", "boris")
    assert refused.error == "zone.csv: changed after signing"
    assert (site.inbox / "bad" / "v2.err").read_text() == "zone.csv: changed after signing\n"
    assert not (site.data / "packs" / V2.sha256).exists()
    assert "v2 refused: zone.csv: changed after signing" in caplog.text


async def test_a_pack_waits_until_it_is_due(site: PolicySite, office: Office) -> None:
    pack = office.sealed("soon", V2_FILES, V1, "--effective-from", SOON)
    async with site.started() as station:
        site.drop(pack, "v2")
        await station.inbox.take_all()
        station.clock.now_ms = SOON_MS - 1
        await station.inbox.take_all()
        assert (station.receiving.state.active, site.lying()) == (V1.sha256, ["v2"])
    async with site.started() as station:
        station.clock.now_ms = SOON_MS
        await station.inbox.take_all()
        assert (station.receiving.state.active, site.lying()) == (V2.sha256, [])
    assert NOW_MS < SOON_MS


async def crashed(site: PolicySite, desk: type[PolicyDesk], pack: Path, name: str) -> None:
    """Start, take a drop, and end where the desk dies."""
    async with site.started(desk) as station:
        site.drop(pack, name)
        await station.inbox.take_all()


async def test_a_crash_between_copy_and_commit_loses_nothing(
    site: PolicySite, office: Office
) -> None:
    pack = office.sealed("v2", V2_FILES, V1)
    with pytest.raises(CrashError):
        await crashed(site, DiesBefore, pack, "v2")
    assert (site.data / "packs" / V2.sha256).is_dir()
    async with site.started() as station:
        assert station.receiving.state.active == V1.sha256
        await station.inbox.take_all()
        assert station.receiving.state.active == V2.sha256
    assert [one.version for one in site.policy()] == [1, 2]


async def test_a_crash_after_the_commit_activates_and_refuses_once(
    site: PolicySite, office: Office
) -> None:
    pack = office.sealed("v2", V2_FILES, V1)
    with pytest.raises(CrashError):
        await crashed(site, DiesAfter, pack, "v2")
    with pytest.raises(CrashError):
        await crashed(site, DiesAfter, write_files(site.data / "v1", dict(pack_files())), "a")
    async with site.started() as station:
        assert station.receiving.state.active == V2.sha256
        await station.inbox.take_all()
        assert station.receiving.state.active == V2.sha256
    assert [one.version for one in site.policy()] == [1, 2, None]
    assert (site.lying("done"), site.lying("bad")) == (["v2"], ["a", "a.err"])


async def test_a_full_disk_leaves_the_pack_where_it_lies(site: PolicySite, office: Office) -> None:
    office.sealed("v2", V2_FILES, V1)
    async with site.started():
        site.drop(office.folder / "v2", "v2")
    site.budget = USED_UP
    async with site.started() as station:
        await station.inbox.take_all()
        assert (station.receiving.state.active, site.lying()) == (V1.sha256, ["v2"])
    site.budget = JournalSettings()
    async with site.started() as station:
        await station.inbox.take_all()
        assert station.receiving.state.active == V2.sha256


async def test_a_unit_finishes_under_the_pack_it_started_with(
    site: PolicySite, office: Office
) -> None:
    """Across an activation, and across a restart after it."""
    office.sealed("v2", V2_FILES, V1)
    async with site.started() as station:
        unit = await station.begin_shirt()
        site.drop(office.folder / "v2", "v2")
        await station.inbox.take_all()
        assert station.receiving.state.active == V2.sha256
        policy = station.receiving.state.units[unit].policy
        assert policy is not None
        assert policy.sha256 == V1.sha256
    async with site.started() as station:
        assert station.receiving.state.active == V2.sha256
        await station.finish()
    (verdict,) = [event.payload for event in site.events("verdict.made")]
    assert isinstance(verdict, VerdictMade)
    assert (verdict.policy.sha256, verdict.policy.version) == (V1.sha256, 1)
    started = site.events("inspection.started")
    assert [event.data["policy"]["version"] for event in started] == [1]


async def test_a_kill_changes_neither_the_pack_in_force_nor_that_of_a_unit(
    site: PolicySite, office: Office
) -> None:
    pack = office.sealed("v2", V2_FILES, V1)
    program = ROOT / "tests" / "support" / "policy_station_process.py"
    words = [sys.executable, str(program), str(site.config), str(site.data), str(pack)]
    process = await asyncio.create_subprocess_exec(*words)
    assert await process.wait() == -signal.SIGKILL
    async with site.started() as station:
        assert station.receiving.state.active == V2.sha256
        await station.finish()
        await station.inbox.take_all()
    (verdict,) = [event.payload for event in site.events("verdict.made")]
    assert isinstance(verdict, VerdictMade)
    assert verdict.policy.sha256 == V1.sha256
    assert [one.version for one in site.policy()] == [1, 2]


async def test_a_unit_whose_pack_is_gone_stops_the_start_with_its_name(
    site: PolicySite, office: Office
) -> None:
    office.sealed("v2", V2_FILES, V1)
    async with site.started() as station:
        await station.begin_shirt()
        site.drop(office.folder / "v2", "v2")
        await station.inbox.take_all()
    copy = site.data / "packs" / V1.sha256
    (copy / "zone.csv").write_bytes(b"")
    with pytest.raises(PackError, match=V1.sha256[:12]):
        async with site.started():
            pass


async def test_with_keys_the_folder_is_the_first_pack_and_no_more(
    site: PolicySite, caplog: pytest.LogCaptureFixture
) -> None:
    async with site.started():
        pass
    site.configure(V2_FILES)
    with caplog.at_level(logging.WARNING):
        async with site.started() as station:
            assert station.receiving.state.active == V1.sha256
    assert caplog.text.count("is not used: packs come signed") == 1
    assert [one.version for one in site.policy()] == [1]


async def test_without_keys_a_signed_pack_is_refused_with_the_reason(
    plain: PolicySite, office: Office
) -> None:
    office.sealed("v2", V2_FILES, V1)
    async with plain.started() as station:
        plain.drop(office.folder / "v2", "v2")
        await station.inbox.take_all()
        assert station.receiving.state.active == V1.sha256
    refused = plain.policy()[-1]
    assert isinstance(refused, ConfigRefused)
    assert refused.error.startswith("no policy keys are configured")


async def test_without_keys_the_folder_is_in_force_at_the_next_start(plain: PolicySite) -> None:
    for files, version in ((dict(pack_files()), 1), (V2_FILES, 2), (dict(pack_files()), 1)):
        plain.configure(files)
        async with plain.started() as station:
            assert station.receiving.state.active == load_pack(files).sha256
            assert station.receiving.state.active == station.packs.active
        assert plain.policy()[-1].version == version
    assert [one.version for one in plain.policy()] == [1, 2, 1]


async def test_a_refused_folder_never_replaces_what_is_in_force(plain: PolicySite) -> None:
    async with plain.started():
        pass
    plain.configure(candidate(2, GAP))
    for _ in range(2):
        async with plain.started() as station:
            assert station.receiving.state.active == V1.sha256
            note = station.receiving.screen.note
            assert note is not None
            assert (note.t, note.p) == ("fb.policy_refused", {"v": 2})
    refused = plain.policy()[-1]
    assert isinstance(refused, ConfigRefused)
    assert "G20" in refused.error
    assert refused.counterexample is not None
    assert refused.counterexample["grade"] == "C"
    plain.configure({"pack.toml": b"not toml ="})
    async with plain.started() as station:
        assert station.receiving.state.active == V1.sha256
    plain.configure(V2_FILES)
    async with plain.started() as station:
        assert station.receiving.state.active == V2.sha256


async def test_a_station_that_never_had_a_pack_does_not_start_with_a_refused_one(
    plain: PolicySite,
) -> None:
    plain.configure(candidate(2, GAP))
    with pytest.raises(PackError, match="G20"):
        async with plain.started():
            pass


def test_the_service_says_why_it_does_not_start(
    plain: PolicySite, capfd: pytest.CaptureFixture[str]
) -> None:
    plain.configure(candidate(2, GAP))
    assert main(["serve", "--config", str(plain.config), "--data", str(plain.data)]) == 1
    assert "G20 zone.csv" in capfd.readouterr().err


async def test_a_proved_pack_is_not_proved_again(
    plain: PolicySite, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with plain.started():
        pass
    monkeypatch.setattr(sys, "executable", str(plain.data / "gone"))
    async with plain.started() as station:
        assert station.receiving.state.active == V1.sha256
    plain.configure(V2_FILES)
    with pytest.raises(FileNotFoundError):
        async with plain.started():
            pass


async def test_a_copy_that_was_lost_falls_back_to_the_one_before(
    site: PolicySite, office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    office.sealed("v2", V2_FILES, V1)
    async with site.started() as station:
        site.drop(office.folder / "v2", "v2")
        await station.inbox.take_all()
    (site.data / "packs" / V2.sha256).rename(site.data / "lost")
    async with site.started() as station:
        assert station.receiving.state.active == V1.sha256
    assert f"the copy of {V2.sha256}, in force by the journal, is gone" in caplog.text


# ---------------------------------------------------------------- the service itself


@pytest.fixture
def service(site: PolicySite) -> Iterator["Service"]:
    running = Service(site)
    yield running
    running.end(signal.SIGKILL)


class Service:
    """A real `serve` process over a site."""

    def __init__(self, site: PolicySite) -> None:
        self._site = site
        self._process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        self._process = subprocess.Popen(
            [
                str(Path(sys.executable).with_name("receiving-edge")),
                *("serve", "--config", str(self._site.config), "--data", str(self._site.data)),
                *("--log", str(self._site.data / "serve.log")),
            ],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == "ready\n"

    def end(self, how: signal.Signals) -> None:
        if self._process is not None:
            os.kill(self._process.pid, how)
            self._process.communicate()
            self._process = None


def test_the_service_answers_and_a_kill_changes_nothing(
    site: PolicySite, office: Office, service: Service, capsys: pytest.CaptureFixture[str]
) -> None:
    pack = office.sealed("v2", V2_FILES, V1)
    words = ["policy", "activate", str(pack), "--data", str(site.data), "--json"]
    service.start()
    capsys.readouterr()
    assert main([*words, "--wait", "20"]) == 0
    assert '"state": "activated"' in capsys.readouterr().out
    service.end(signal.SIGKILL)
    third = office.sealed("v3", V3_FILES, V2)
    assert main(["policy", "activate", str(third), "--data", str(site.data)]) == 0  # service down
    capsys.readouterr()
    service.start()
    words[2] = str(third)
    assert main([*words, "--wait", "20"]) == 0
    service.end(signal.SIGTERM)
    versions = [one.version for one in site.policy() if isinstance(one, ConfigActivated)]
    assert versions == [1, 2, 3]


def test_the_verb_tells_a_refusal_and_a_pack_that_nobody_signed(
    site: PolicySite, office: Office, service: Service, capsys: pytest.CaptureFixture[str]
) -> None:
    service.start()
    pack = office.sealed("edited", V2_FILES, V1)
    (pack / "reasons.toml").write_bytes((pack / "reasons.toml").read_bytes() + b"\n")
    words = ["--data", str(site.data), "--wait", "20"]
    capsys.readouterr()
    assert main(["policy", "activate", str(pack), *words]) == 1
    told = capsys.readouterr().out
    assert told == "default version 2: refused\nreasons.toml: changed after signing\n"
    (pack / MANIFEST).unlink()
    assert main(["policy", "activate", str(pack), *words]) == 1
    assert "not signed" in capsys.readouterr().err


def read_all(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*.*")}
