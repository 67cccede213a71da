"""Every check of an activation, in order, over real signed packs; a refused one leaves nothing."""

import os
import stat
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from edge.cli import main
from edge.commands.policy.keys import load_key
from edge.feeds.activation import judge, shadow_problem
from edge.feeds.candidate import CandidateError, read_candidate
from edge.feeds.judgement import GateAnswer, GateRequest, Limits
from edge.feeds.pack_folder import FILE_BYTES_MAX, read_pack
from edge.feeds.pack_gate import ask_gate
from edge.feeds.pack_seal import (
    MANIFEST,
    REHEARSAL,
    SIGNATURES,
    GateRef,
    ShadowRule,
    Signatures,
    read_manifest,
    sign,
    write_manifest,
    write_signatures,
)
from edge.feeds.shadow_report import RowReport, ShadowReport
from edge.settings.model import PolicyKey, PolicyRole
from policy_kit import default_pack, pack_files
from seal_kit import (
    APPROVER,
    AUTHOR,
    GAP,
    GENTLER,
    STRICTER,
    Office,
    candidate,
    files_in,
    write_files,
    write_zip,
)
from zoning.pack import load_pack

NOW_MS = 1_790_000_000_000
FUTURE = "2040-01-01T00:00:00.000Z"
LATER_MS = 2_300_000_000_000


@dataclass(frozen=True)
class Site:
    """An office, the pack in force, and a well-made next version."""

    folder: Path
    office: Office
    active: Path
    good: dict[str, bytes]

    def put(self, name: str, files: dict[str, bytes]) -> Path:
        return write_files(self.folder / name, files)

    def judged(self, path: Path, **changes: object) -> GateAnswer:
        request = GateRequest(
            candidate=str(path),
            staging=str(self.folder / "staging"),
            signed=True,
            now_ms=NOW_MS,
            keys=self.office.keys,
            active=str(self.active),
            journal=str(self.folder / "journal.db"),
        )
        return judge(replace(request, **changes))  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Office, Path, dict[str, bytes]]:
    folder = tmp_path_factory.mktemp("office")
    office = Office.opened(folder)
    active = write_files(folder / default_pack().sha256, pack_files())
    return office, active, files_in(office.sealed("v2", candidate(2, STRICTER), default_pack()))


@pytest.fixture
def site(tmp_path: Path, made: tuple[Office, Path, dict[str, bytes]]) -> Iterator[Site]:
    office, active, good = made
    site = Site(folder=tmp_path, office=office, active=active, good=good)
    yield site
    kept = site.folder / "staging"
    assert not kept.exists() or load_pack(read_pack(kept)).version == 2


def test_a_well_made_pack_is_taken_from_a_folder_and_from_zips(site: Site) -> None:
    zipped = write_zip(site.folder / "v2.zip", site.good)
    topped = write_zip(site.folder / "v2b.zip", site.good | {"README.md": b"x"}, "v2/")
    for path in (site.put("v2", site.good), zipped, topped):
        answer = site.judged(path)
        assert (answer.ok, answer.error) == (True, "")
        assert (answer.id, answer.version) == ("default", 2)
        assert (answer.author, answer.approver) == ("anna", "boris")
        assert answer.rehearsal is not None
        assert answer.rehearsal.base_sha256 == default_pack().sha256
        staged = site.folder / "staging"
        assert load_pack(read_pack(staged)).sha256 == answer.sha256
        assert {MANIFEST, SIGNATURES, REHEARSAL} <= files_in(staged).keys()
        subprocess.run(["rm", "-r", str(staged)], check=True)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda f: f.pop(MANIFEST), "not signed"),
        (lambda f: f.pop(SIGNATURES), "not signed"),
        (lambda f: f.pop(REHEARSAL), "not rehearsed: rehearsal.json is missing"),
        (lambda f: f.update({REHEARSAL: f[REHEARSAL] + b" "}), "rehearsal.json: changed after"),
        (lambda f: f.pop("reasons.toml"), "reasons.toml: signed, but not there"),
        (lambda f: f.update({"checklists/x.toml": b""}), "checklists/x.toml: there, but not"),
        (
            lambda f: f.update(
                {"zone.csv": f["zone.csv"].replace(b"R17,D,,,dis", b"R17,D,,,dis ")}
            ),
            "zone.csv: changed after signing",
        ),
        (lambda f: f.update({MANIFEST: f[MANIFEST].replace(b":2,", b":3,")}), "not in canonical"),
        (
            lambda f: f.update({MANIFEST: f[MANIFEST].replace(b'"version":2', b'"version":3')}),
            "signature of the author does not hold",
        ),
    ],
)
def test_whatever_was_changed_or_left_out_refuses(
    site: Site, change: Callable[[dict[str, bytes]], object], reason: str
) -> None:
    files = dict(site.good)
    change(files)
    if "canonical" in reason:
        files[MANIFEST] += b"\n"
    answer = site.judged(site.put("v2", files))
    assert not answer.ok
    assert reason in answer.error
    assert not (site.folder / "staging").exists()


def test_keys_of_strangers_and_wrong_roles_refuse(site: Site) -> None:
    path = site.put("v2", site.good)
    anna, boris = site.office.keys
    for keys, reason in (
        ((), "author anna: no key of this person is configured"),
        ((anna,), "approver boris: no key of this person is configured"),
        ((replace(anna, roles=APPROVER), boris), "anna: may not sign as author"),
        ((anna, replace(boris, public=anna.public)), "a key that is not this person's"),
    ):
        answer = site.judged(path, keys=keys)
        assert not answer.ok
        assert reason in answer.error
        assert (answer.version, answer.author, answer.approver) == (2, "anna", "boris")


def test_an_unapproved_pack_is_refused(site: Site) -> None:
    report = site.office.report(candidate(2, STRICTER), default_pack())
    pack = _own(site).signed("v2", candidate(2, STRICTER), "--rehearsal", str(report))
    assert "not approved" in site.judged(pack).error


def test_the_pack_in_force_again_is_no_refusal(site: Site) -> None:
    answer = site.judged(site.put("v2", site.good), active=str(site.put("now", site.good)))
    assert (answer.ok, answer.in_force) == (True, True)


def test_a_version_that_is_not_above_is_refused(site: Site) -> None:
    active = site.put("now", candidate(2, GENTLER))
    answer = site.judged(site.put("v2", site.good), active=str(active))
    assert answer.error == "version 2 is not above 2, which is in force"


def test_a_rehearsal_against_another_base_is_refused(site: Site) -> None:
    other = load_pack(candidate(1, GENTLER))
    active = site.put(other.sha256, candidate(1, GENTLER))
    answer = site.judged(site.put("v2", site.good), active=str(active))
    base = default_pack().sha256[:12]
    assert answer.error == f"rehearsed against {base}, but {other.sha256[:12]} is in force"


def test_a_pack_that_is_not_due_waits_and_is_judged_again(site: Site) -> None:
    office = _own(site)
    pack = office.sealed("v2", candidate(2, STRICTER), default_pack(), "--effective-from", FUTURE)
    early = site.judged(pack)
    assert (early.ok, early.waits, early.effective_ms > NOW_MS) == (True, True, True)
    assert not (site.folder / "staging").exists()
    due = site.judged(pack, now_ms=LATER_MS)
    assert (due.ok, due.waits) == (True, False)


def test_the_gate_runs_again_at_the_station_with_its_cameras(site: Site) -> None:
    answer = site.judged(site.put("v2", site.good), cameras=("item",))
    assert not answer.ok
    assert "G34" in answer.error


def test_a_pack_that_the_gate_refuses_shows_a_unit(site: Site) -> None:
    answer = site.judged(site.put("gap", candidate(2, GAP)), signed=False)
    assert not answer.ok
    assert "G20" in answer.error
    assert answer.counterexample is not None
    assert answer.counterexample["grade"] == "C"
    assert (answer.id, answer.version, len(answer.sha256)) == ("default", 2, 64)
    broken = candidate(2, ("policy.toml", 'format = "policy/1"', 'format = "policy/9"'))
    assert "policy.toml" in site.judged(site.put("broken", broken), signed=False).error


def _own(site: Site) -> Office:
    """The same people with a folder of their own."""
    (site.folder / "office").mkdir()
    return replace(site.office, folder=site.folder / "office")


def _emergency(site: Site, *edits: tuple[str, str, str]) -> GateAnswer:
    office = _own(site)
    pack = office.approved(office.signed("v2", candidate(2, *edits), "--emergency"))
    return site.judged(pack)


def test_an_emergency_needs_no_rehearsal_if_it_is_nowhere_more_generous(site: Site) -> None:
    assert _emergency(site, STRICTER).ok


def test_an_emergency_that_is_better_for_somebody_is_refused_with_that_unit(site: Site) -> None:
    answer = _emergency(site, GENTLER)
    assert "more generous in zone hold (R16) -> repair (R16)" in answer.error
    assert answer.counterexample is not None
    assert answer.counterexample["grade"] == "D"


def test_an_emergency_may_not_touch_a_checklist(site: Site) -> None:
    edit = ("checklists/books.toml", "version = 1", "version = 2")
    assert _emergency(site, STRICTER, edit).error == "emergency: the checklists are changed"


def test_a_shadow_must_have_met_its_criteria() -> None:
    rule = ShadowRule(min_units=300, max_disagreement=10)
    for units, differ, problem in (
        (299, 0, "299 units compared, 300 are needed"),
        (300, 0, ""),
        (300, 1, "1 of 300 differ, at most 15.7 ‰ with 95 % confidence; 10 ‰ are allowed"),
        (473, 1, ""),
    ):
        report = ShadowReport(
            candidate="c",
            base="b",
            rows=(RowReport(row="R13", units=units, differ=differ),),
            not_comparable=5,
            elsewhere=5,
            examples=(),
        )
        assert shadow_problem(report, rule) == problem


# ---------------------------------------------------------------- folders and zips from outside


def test_links_devices_and_crowds_in_a_folder_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "zone.csv").symlink_to("/etc/passwd")
    os.mkfifo(tmp_path / "pipe.toml")
    for number in range(201):
        (tmp_path / "a" / f"{number}.txt").touch()
    for path, reason in ((tmp_path, "neither file nor folder"), (tmp_path / "a", "neither")):
        with pytest.raises(CandidateError, match=reason):
            read_candidate(path)
    (tmp_path / "link").symlink_to(tmp_path / "a")
    for name in ("link", "pipe.toml"):
        with pytest.raises(CandidateError, match="a folder or a "):
            read_candidate(tmp_path / name)


def test_too_many_and_too_big_files_are_refused(tmp_path: Path) -> None:
    many = write_files(tmp_path / "many", {f"{n}.toml": b"" for n in range(201)})
    with pytest.raises(CandidateError, match="more than 200 files"):
        read_candidate(many)
    crowd = write_files(tmp_path / "crowd", {f"{n}.txt": b"" for n in range(1001)})
    with pytest.raises(CandidateError, match="more than 1000 entries"):
        read_candidate(crowd)
    big = {"zone.csv": b"\0" * (FILE_BYTES_MAX + 1)}
    for path in (write_files(tmp_path / "big", big), write_zip(tmp_path / "big.zip", big)):
        with pytest.raises(CandidateError, match=f"zone.csv: more than {FILE_BYTES_MAX} bytes"):
            read_candidate(path)


@pytest.mark.parametrize(
    "name", ["../zone.csv", "/zone.csv", "a/../../zone.csv", "a\\zone.csv", "c:zone.csv", "./a.csv"]
)
def test_a_path_that_leads_astray_refuses_the_zip(tmp_path: Path, name: str) -> None:
    path = write_zip(tmp_path / "x.zip", {"pack.toml": b"", name: b""})
    with pytest.raises(CandidateError, match="leads astray"):
        read_candidate(path)


def test_links_doubles_and_damage_refuse_the_zip(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "link.zip", "w") as archive:
        link = zipfile.ZipInfo("zone.csv")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/passwd")
    twice = tmp_path / "twice.zip"
    write_zip(twice, {"zone.csv": b"a", "ZONE.csv": b"b"})
    whole = write_zip(tmp_path / "whole.zip", {"pack.toml": b"a" * 500}).read_bytes()
    (tmp_path / "cut.zip").write_bytes(whole[:60])
    damaged = bytearray(whole)
    damaged[whole.index(b"pack.toml") + len("pack.toml") + 2] ^= 0xFF
    (tmp_path / "damaged.zip").write_bytes(damaged)
    (tmp_path / "text.zip").write_text("no zip")
    encrypted = bytearray(whole)
    encrypted[whole.index(b"PK\x01\x02") + 8] |= 1
    (tmp_path / "encrypted.zip").write_bytes(encrypted)
    for name, reason in (
        ("link", "neither file nor folder"),
        ("twice", "stands there twice"),
        ("cut", "no sound .zip"),
        ("damaged", "no sound .zip"),
        ("text", "no sound .zip"),
        ("encrypted", "encrypted"),
    ):
        with pytest.raises(CandidateError, match=reason):
            read_candidate(tmp_path / f"{name}.zip")


# ---------------------------------------------------------------- the process


def _plain(folder: Path, limits: Limits) -> GateRequest:
    pack = write_files(folder / "pack", dict(pack_files()))
    return GateRequest(
        candidate=str(pack), staging=str(folder / "st"), signed=False, now_ms=NOW_MS, limits=limits
    )


async def test_the_gate_answers_from_a_process_of_its_own(tmp_path: Path) -> None:
    answer = await ask_gate(_plain(tmp_path, Limits()))
    assert (answer.ok, answer.sha256) == (True, default_pack().sha256)
    assert read_pack(tmp_path / "st") == read_pack(tmp_path / "pack")


async def test_a_gate_that_takes_too_long_or_crashes_refuses(tmp_path: Path) -> None:
    answer = await ask_gate(_plain(tmp_path, Limits(wall_s=0.01)))
    assert (answer.ok, answer.error) == (False, "gate: took longer than 0.01 s")
    answer = await ask_gate(_plain(tmp_path, Limits(memory_mb=1)))
    assert not answer.ok
    assert answer.error.startswith("gate: ")
    assert not (tmp_path / "st").exists()


def test_the_gate_process_wants_a_request() -> None:
    command = [sys.executable, "-P", "-m", "edge.feeds.gate_process"]
    result = subprocess.run(command, input=b"{}", capture_output=True, check=False)
    assert result.returncode == 1
    assert b"GateRequest: candidate is missing" in result.stderr


# ---------------------------------------------------------------- the verbs


def test_no_pack_is_signed_that_the_gate_refuses_or_that_was_not_rehearsed_itself(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    office = Office.opened(tmp_path)
    gap = office.written("gap", candidate(2, GAP))
    words = ["--author", "anna", "--key", str(office.anna.pem)]
    assert main(["policy", "sign", str(gap), *words]) == 1
    assert "G20" in capsys.readouterr().err
    good = office.written("good", candidate(2, STRICTER))
    report = office.report(candidate(2, GENTLER), default_pack())
    assert main(["policy", "sign", str(good), *words, "--rehearsal", str(report)]) == 1
    assert "about another pack" in capsys.readouterr().err
    assert main(["policy", "sign", str(good), *words, "--effective-from", "tomorrow"]) == 1
    assert main(["policy", "sign", str(good), *words, "--shadow-min-units", "9"]) == 1
    assert not (good / MANIFEST).exists()


def test_an_approver_is_another_person_with_another_key_and_sees_what_was_signed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    office = Office.opened(tmp_path)
    files = candidate(2, STRICTER)
    report = office.report(files, default_pack())
    pack = office.signed("v2", files, "--rehearsal", str(report))
    words = ["policy", "approve", str(pack), "--approver"]
    boris = ["--key", str(office.boris.pem)]
    for who, key, reason in (
        ("anna", boris, "the same person"),
        ("boris", ["--key", str(office.anna.pem)], "the same key"),
    ):
        assert main([*words, who, *key]) == 1
        assert reason in capsys.readouterr().err
    for name, reason in ((REHEARSAL, "is missing"), ("zone.csv", "changed after signing")):
        kept = (pack / name).read_bytes()
        (pack / name).unlink() if name == REHEARSAL else (pack / name).write_bytes(kept + b"\n")
        assert main([*words, "boris", *boris]) == 1
        assert reason in capsys.readouterr().err
        (pack / name).write_bytes(kept)
    assert main([*words, "boris", *boris]) == 0
    unsigned = office.written("plain", files)
    assert main(["policy", "approve", str(unsigned), "--approver", "boris", *boris]) == 1


def test_roles_and_persons_of_a_key_are_checked_when_read() -> None:
    good = "ed25519:" + "A" * 43 + "="
    for person, roles, public, reason in (
        ("Anna", AUTHOR, good, "person"),
        ("anna", frozenset(), good, "roles"),
        ("anna", AUTHOR, "ssh-ed25519 AAAA", "public"),
    ):
        with pytest.raises(ValueError, match=reason):
            PolicyKey(person=person, roles=roles, public=public)


def test_a_pack_of_a_later_engine_or_another_gate_is_refused(site: Site) -> None:
    """Such a manifest can only be signed by a later release: here by its keys alone."""
    manifest = read_manifest(site.good[MANIFEST])
    anna, boris = (load_key(one.pem, None) for one in (site.office.anna, site.office.boris))
    for changed, reason in (
        (replace(manifest, engine_min=99), "needs engine 99, this station has 1"),
        (replace(manifest, gate=GateRef(version="gate/99", proof_sha256="")), "gate gate/99"),
        (
            replace(manifest, gate=replace(manifest.gate, proof_sha256="0" * 64)),
            "proves something else than what was signed",
        ),
        (replace(manifest, content_sha256="0" * 64), "the content is not what was signed"),
        (replace(manifest, version=3), "the pack says default version 2"),
    ):
        signatures = Signatures(
            author=sign(changed, PolicyRole.AUTHOR, anna),
            approver=sign(changed, PolicyRole.APPROVER, boris),
        )
        files = site.good | {
            MANIFEST: write_manifest(changed),
            SIGNATURES: write_signatures(signatures),
        }
        answer = site.judged(site.put("v2", files))
        assert not answer.ok
        assert reason in answer.error
