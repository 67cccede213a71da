"""`receiving-edge export claim`: one folder that a carrier can check, and nobody's name in it."""

import hashlib
import json
from pathlib import Path

import pytest

from edge.cli import main
from edge.events import CorrectionMade, ParcelDamaged, PhotoTaken
from edge.events.kinds import Payload
from edge.journal.photos import PhotoStore
from edge.journal.reader import Reader
from edge.journal.rows import CodeRow
from edge.journal.writer import Submission
from journal_kit import event, opened
from story_kit import BOX, OTHER_BOX, PHONE, story

TRACKING = "RB123456785RU"
OUTSIDE, LABEL = b"\xff\xd8 a dented box", b"\xff\xd8 a name and an address"


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def photo(jpeg: bytes, slot: str, *, personal: bool = False) -> PhotoTaken:
    return PhotoTaken(
        sha256=sha256(jpeg), bytes=len(jpeg), mime="image/jpeg", width=1, height=1, slot=slot,
        camera="top", sharpness=9, mean=1, clipped=0, bound_by="open_window", personal=personal,
    )  # fmt: skip


async def station(folder: Path, *more: Payload, keep: tuple[bytes, ...] = (OUTSIDE, LABEL)) -> str:
    async with PhotoStore(folder / "photos") as store:
        for jpeg in keep:
            await store.put(jpeg)
    taken = [photo(OUTSIDE, "parcel_outside"), photo(LABEL, "parcel_label", personal=True), *more]
    async with opened(folder) as journal:
        await journal.commit(Submission(events=tuple(story())))
        events = tuple(event(one, parcel=BOX) for one in taken)
        codes = (CodeRow(code=TRACKING, subject=f"parcel/{BOX}"),)
        await journal.commit(Submission(events=events, codes=codes))
    return str(folder)


def pack(data: str, *arguments: str, number: str = TRACKING) -> Path:
    main(["export", "claim", number, "--data", data, *arguments])
    return Path(data) / "claims" / f"claim-{number}"


async def test_a_pack_holds_facts_texts_pictures_and_their_sums(tmp_path: Path) -> None:
    folder = pack(await station(tmp_path))
    facts = json.loads((folder / "facts.json").read_text("utf-8"))
    assert (facts["carrier"], facts["declared_g"], facts["seal"]) == ("ruspost", 1200, "intact")
    assert [line["missing"] for line in facts["lines"]] == [0, 0, 1]
    sums = dict(line.split("  ")[::-1] for line in (folder / "SHA256SUMS").read_text().splitlines())
    files = [path for path in folder.rglob("*") if path.is_file() and path.name != "SHA256SUMS"]
    assert sums == {
        path.relative_to(folder).as_posix(): sha256(path.read_bytes()) for path in files
    }
    assert "Снимки" in (folder / "claim.ru.txt").read_text("utf-8")
    assert "Photographs" in (folder / "claim.en.txt").read_text("utf-8")


async def test_damage_and_weight_that_were_seen_before_opening_are_told(tmp_path: Path) -> None:
    damaged = ParcelDamaged(kinds=("torn", "wet"), weight_g=1100)
    folder = pack(await station(tmp_path, damaged))
    facts = json.loads((folder / "facts.json").read_text("utf-8"))
    assert (facts["damage"], facts["weight_g"]) == (["torn", "wet"], 1100)
    assert "Damage: torn, wet" in (folder / "claim.en.txt").read_text("utf-8")
    assert "1200 г, 1100 г" in (folder / "claim.ru.txt").read_text("utf-8")


async def test_every_named_event_has_the_digest_of_the_journal(tmp_path: Path) -> None:
    folder = pack(await station(tmp_path))
    named = json.loads((folder / "facts.json").read_text("utf-8"))["evidence"]
    assert {one["kind"] for one in named} >= {"parcel.arrived", "verdict.made", "photo.taken"}
    with Reader(tmp_path / "journal.db") as reader:
        stored = {seq: stored.hex() for seq, _, stored in reader.bodies(1)}
    assert all(stored[one["sequence"]] == one["sha256"] for one in named)


async def test_pictures_that_may_show_an_address_come_only_when_they_are_wanted(
    tmp_path: Path,
) -> None:
    data = await station(tmp_path)
    without = pack(data)
    assert LABEL not in [path.read_bytes() for path in without.rglob("*.jpg")]
    text = (without / "claim.en.txt").read_text("utf-8")
    assert f"sha256 {sha256(LABEL)}: not in the pack" in text
    wanted = tmp_path / "desk"
    main(["export", "claim", TRACKING, "--data", data, "--with-personal", "--out", str(wanted)])
    assert LABEL in [path.read_bytes() for path in wanted.rglob("*.jpg")]


async def test_no_person_and_no_marking_tail_gets_into_a_pack(tmp_path: Path) -> None:
    folder = pack(await station(tmp_path))
    said = "".join(path.read_text("utf-8") for path in folder.glob("*.*"))
    assert "0417" not in said
    assert "operator" not in said
    assert "c2VjcmV0" not in said


async def test_what_was_taken_back_is_no_evidence(tmp_path: Path) -> None:
    data = await station(tmp_path)
    with Reader(tmp_path / "journal.db") as reader:
        verdicts = [one for one in reader.of_parcel(BOX) if one.kind == "verdict.made"]
    async with opened(tmp_path) as journal:
        undo = CorrectionMade(of=verdicts[0].id, act="undo", reason="operator")
        again = (event(undo, parcel=BOX, unit=verdicts[0].unit),)
        await journal.commit(Submission(events=again))
    facts = json.loads((pack(data) / "facts.json").read_text("utf-8"))
    assert verdicts[0].id not in {one["id"] for one in facts["evidence"]}
    piece = next(one for one in facts["pieces"] if one["unit"] == verdicts[0].unit)
    assert "grade" not in piece


async def test_a_lost_picture_is_told_and_the_rest_is_there(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = await station(tmp_path, keep=(LABEL,))
    assert main(["export", "claim", TRACKING, "--data", data]) == 1
    assert f"{sha256(OUTSIDE)}: absent" in capsys.readouterr().err
    facts = json.loads((tmp_path / "claims" / f"claim-{TRACKING}" / "facts.json").read_text())
    lost = [one for one in facts["pictures"] if one["sha256"] == sha256(OUTSIDE)]
    assert [(one["file"], one["absent"]) for one in lost] == [("", "absent")]


async def test_a_pack_that_is_there_is_never_written_over(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = await station(tmp_path)
    before = {path: path.stat().st_mtime_ns for path in pack(data).rglob("*")}
    assert main(["export", "claim", TRACKING, "--data", data]) == 1
    assert "is there already" in capsys.readouterr().err
    assert {path: path.stat().st_mtime_ns for path in before} == before


async def test_a_parcel_is_found_by_its_id_and_a_number_of_two_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = await station(tmp_path)
    assert (pack(data, number=BOX) / "facts.json").exists()
    async with opened(tmp_path) as journal:
        codes = (CodeRow(code="88123", subject=f"parcel/{BOX}"),)
        await journal.commit(
            Submission(events=(event(photo(LABEL, "x"), parcel=BOX),), codes=codes)
        )
        codes = (CodeRow(code="88123", subject=f"parcel/{OTHER_BOX}"),)
        other = event(photo(LABEL, "x"), parcel=OTHER_BOX)
        await journal.commit(Submission(events=(other,), codes=codes))
    assert main(["export", "claim", "88123", "--data", data]) == 2
    told = capsys.readouterr().err
    assert BOX in told
    assert OTHER_BOX in told


@pytest.mark.parametrize("number", ["", "NOBODY", "../../etc", PHONE])
async def test_what_names_no_parcel_is_refused_and_nothing_is_written(
    number: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = await station(tmp_path)
    assert main(["export", "claim", number, "--data", data]) == 2
    assert "claim: " in capsys.readouterr().err
    assert not (tmp_path / "claims").exists()
