"""Labels: what is printed reads back by both engines, ZPL takes no command out of data."""

import argparse
import asyncio
import re
import socket
import struct
from collections.abc import Iterator
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import cv2
import numpy as np
import pytest
import zxingcpp
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from codes import SITE_KEY, scan_of
from config_folder import make_config
from drivers.clock import SystemClock
from drivers.protocols import Deadline
from edge.barcodes.classify import CommandCode, Rules, TrayCode, classify
from edge.commands import labels
from edge.labels import stickers
from edge.labels.printer import Printed, PrintOutcome, print_job, read_address
from edge.labels.unit_label import UnitFacts, unit_label
from edge.labels.zpl import code128_data, escaped, label, picture, read_status
from edge.station.meanings import COMMAND_KEYS

Pixels = NDArray[np.uint8]


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return make_config(tmp_path)


def made(config: Path, *words: str) -> list[Path]:
    parser = argparse.ArgumentParser()
    labels.add_arguments(parser)
    kind = words[words.index("--format") + 1] if "--format" in words else "png"
    out = config.parent / f"labels.{kind}"
    args = parser.parse_args([*words, "--format", kind, "--config", str(config), "--out", str(out)])
    assert labels.run(args) == 0
    return sorted(config.parent.glob("labels*"))


def read(path: Path) -> Pixels:
    """Return the page at half its size: two pixels a module are enough to read."""
    page = np.asarray(cv2.imread(str(path), cv2.IMREAD_GRAYSCALE), np.uint8)
    return np.ascontiguousarray(page[::2, ::2])


def by_zxing(page: Pixels) -> list[str]:
    seen = zxingcpp.read_barcodes(page, try_rotate=False, try_invert=False)
    return sorted(one.text for one in seen)


def by_zbar(page: Pixels) -> list[str]:
    zbar = pytest.importorskip("pyzbar.pyzbar", exc_type=ImportError, reason="libzbar0 is missing")
    found = zbar.decode(page, symbols=[zbar.ZBarSymbol.CODE128])
    return sorted(one.data.decode() for one in found)


def faxes(body: bytes) -> Iterator[Pixels]:
    """Draw the CCITT G4 images of a PDF: each is read as the one strip of a TIFF (TIFF 6.0 §11)."""
    pattern = rb"/Columns (\d+).*?/Rows (\d+).*?stream\r?\n(.*?)\r?\nendstream"
    for found in re.finditer(pattern, body, re.DOTALL):
        width, height, strip = int(found[1]), int(found[2]), found[3]
        fields = (
            (256, width), (257, height), (258, 1), (259, 4), (262, 0), (273, 8 + 2 + 8 * 12 + 4),
            (278, height), (279, len(strip)),
        )  # fmt: skip
        tags = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in fields)
        head = b"II*\0" + struct.pack("<IH", 8, len(fields)) + tags + b"\0\0\0\0"
        page = np.asarray(Image.open(BytesIO(head + strip)).convert("L"), np.uint8)
        yield page if page.mean() > 127 else 255 - page


def pictures(job: bytes) -> Iterator[Pixels]:
    """Draw what a printer draws of `^GFA` fields."""
    for found in re.finditer(rb"\^GFA,(\d+),(\d+),(\d+),([0-9A-F]*)\^FS", job):
        total, also, size = (int(found[at]) for at in (1, 2, 3))
        assert total == also == len(found[4]) // 2
        rows = np.frombuffer(bytes.fromhex(found[4].decode()), np.uint8).reshape(-1, size)
        yield ((1 - np.unpackbits(rows, axis=1)) * 255).astype(np.uint8)


def test_the_sheet_has_every_command_of_the_station_and_no_other() -> None:
    assert set(stickers.COMMANDS) == set(COMMAND_KEYS)
    assert len(stickers.COMMANDS) == 25


def test_every_command_on_paper_reads_back_and_is_genuine(config: Path) -> None:
    key = (config / "site.key").read_bytes()
    texts = sorted(one.text for one in stickers.commands(key, "ru"))
    pages = [read(path) for path in made(config, "commands")]
    assert sorted(text for page in pages for text in by_zxing(page)) == texts
    rules = Rules(site_keys=(key,))
    assert all(isinstance(classify(scan_of(text), rules)[0], CommandCode) for text in texts)


def test_the_sheet_as_pdf_has_pages_of_a4_that_read_back(config: Path) -> None:
    texts = sorted(one.text for one in stickers.commands((config / "site.key").read_bytes(), "ru"))
    (path,) = made(config, "commands", "--format", "pdf")
    body = path.read_bytes()
    boxes = re.findall(rb"/MediaBox \[ 0 0 ([0-9.]+) ([0-9.]+) \]", body)
    assert {(round(float(w)), round(float(h))) for w, h in boxes} == {(595, 842)}
    pages = [page[::2, ::2] for page in faxes(body)]
    assert len(pages) == len(boxes)
    assert sorted(text for page in pages for text in by_zxing(np.ascontiguousarray(page))) == texts


def test_the_second_engine_reads_the_same_labels(config: Path) -> None:
    pages = [read(path) for path in made(config, "commands")]
    (job,) = (
        path
        for path in made(config, "trays", "--format", "zpl", "--picture")
        if path.suffix == ".zpl"
    )
    for drawn in [*pages, *pictures(job.read_bytes())]:
        assert by_zbar(drawn) == by_zxing(drawn)


@pytest.mark.parametrize("what", ["badges", "trays"])
@pytest.mark.parametrize("dpi", ["203", "300"])
def test_labels_as_pictures_for_a_label_printer_read_back(
    config: Path, what: str, dpi: str
) -> None:
    (job,) = made(config, what, "--format", "zpl", "--picture", "--dpi", dpi)
    drawn = list(pictures(job.read_bytes()))
    prefix = {"badges": "RB-", "trays": "RT-"}[what]
    seen = [text for one in drawn for text in by_zxing(one)]
    assert len(seen) == len(drawn) > 0
    assert all(text.startswith(prefix) for text in seen)


@pytest.mark.parametrize("dpi", ["203", "300"])
def test_the_test_cards_for_a_label_printer_read_back(config: Path, dpi: str) -> None:
    (job,) = made(config, "selftest", "--format", "zpl", "--dpi", dpi)
    first, second = pictures(job.read_bytes())
    assert by_zxing(first)[0].startswith("(01)02000000000008(21)SELFTEST0a!Z_")
    assert by_zxing(second) == ["SELFTEST2()[]{}~|\\^@#$aZ"]


def test_numbers_are_consecutive_and_a_series_never_starts_again() -> None:
    assert stickers.lpn_numbers("0417-9998", 2) == ("0417-9998", "0417-9999")
    for first, count in (("0417-9998", 3), ("0417-0001", 0), ("417-0001", 1), ("0417-00١1", 1)):
        with pytest.raises(ValueError, match=r"0417|417"):
            stickers.lpn_numbers(first, count)


def test_labels_of_containers_are_signed_for_one_zone_and_never_come_again(config: Path) -> None:
    with (config / "floor.toml").open("a", encoding="utf-8") as floor:
        floor.write('\n[[container]]\nseries = "K"\n')
    (job,) = made(config, "containers", "hold", "--first", "K00007", "--count", "2",
                  "--format", "zpl", "--picture")  # fmt: skip
    seen = [text for one in pictures(job.read_bytes()) for text in by_zxing(one)]
    assert [text[:-5] for text in seen] == ["RT-4-K00007", "RT-4-K00008"]
    rules = Rules(site_keys=((config / "site.key").read_bytes(),))
    assert all(isinstance(classify(scan_of(text), rules)[0], TrayCode) for text in seen)
    for first, count in (("K99999", 2), ("K0001", 1), ("0417-0001", 1), ("K00001", 0)):
        with pytest.raises(ValueError, match=r"K|0417"):
            stickers.container_numbers(first, count)


def test_a_badge_shows_no_name(config: Path) -> None:
    (page,) = made(config, "badges", "--format", "zpl")
    job = page.read_text("utf-8")
    people = (config / "people.toml").read_text("utf-8")
    names = re.findall(r'(?:ru|en) = "([^"]+)"', people)
    assert names
    assert not any(name in job for name in names)


# ---------------------------------------------------------------- ZPL

GOLDEN = """\
^XA^CI28
^PW640^LL400
^FO24,24^A0N,40,32^FH_^FDОтменить · F9^FS
^FO30,88^BY3^BCN,112,N,N,N^FH_^FDRX-UNDO-{check}^FS
^FO24,224^A0N,32,25^FH_^FDRX-UNDO-{check}^FS
^XZ
"""


def test_a_command_label_is_these_bytes() -> None:
    undo = next(one for one in stickers.commands(SITE_KEY, "ru") if "UNDO" in one.text)
    assert label(undo, dpi=203).decode() == GOLDEN.format(check=undo.text[-4:])


def unescaped(text: str) -> str:
    return re.sub(r"_([0-9A-F]{2})", lambda found: chr(int(found[1], 16)), text)


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=60))
def test_no_data_begins_a_command_and_all_of_it_comes_back(text: str) -> None:
    sent = escaped(text)
    assert not set("^~\r\n") & set(sent)
    assert unescaped(sent) == text
    assert code128_data(">;>") == ">0;>0"


def test_a_picture_must_have_whole_rows() -> None:
    assert picture((b"\x80", b"\x01"), width=8) == (b"^XA^PW8^LL2^FO0,0^GFA,2,2,1,8001^FS^XZ\n")
    with pytest.raises(ValueError, match="9 dots"):
        picture((b"\x80",), width=9)


# ---------------------------------------------------------------- the printer

READY = b"\x02030,0,0,1245,000,0,0,0,000,0,0,0\x03\r\n\x02000,0,0,0,0,2,4,0,00000000,1,000\x03\r\n"
NO_PAPER = READY.replace(b"030,0,0", b"030,1,0")
HEAD_UP = READY.replace(b"000,0,0,0,0,2", b"000,0,1,0,0,2")
TAIL = b"\x021234,0\x03\r\n"


class Printer:
    """A label printer: answers `~HS` as told, keeps what else it is sent."""

    def __init__(self, answer: bytes | None) -> None:
        self._answer = answer
        self.jobs: list[bytes] = []
        self.done = asyncio.Event()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        assert await reader.readline() == b"~HS\r\n"
        if self._answer is None:
            await reader.read()  # takes the question and never says a word
        else:
            writer.write(self._answer)
            writer.write_eof()
            self.jobs.append(await reader.read())
        writer.close()
        self.done.set()


async def printed(printer: Printer, *, within_s: float = 5.0) -> Printed:
    clock = SystemClock()
    server = await asyncio.start_server(printer.serve, "127.0.0.1", 0)
    async with server:
        address = server.sockets[0].getsockname()
        job = b"^XA^XZ\n"
        told = await print_job(address, job, Deadline.after(within_s, clock), clock)
        await printer.done.wait()
    return told


@pytest.mark.parametrize("answer", [READY + TAIL, b"", b"what?", b"\x02\x03\x02\x03\x02\x03"])
async def test_a_printer_that_is_ready_or_says_nothing_useful_gets_the_job(answer: bytes) -> None:
    printer = Printer(answer)
    assert await printed(printer) == Printed(outcome=PrintOutcome.SENT)
    assert printer.jobs == [b"^XA^XZ\n"]


@pytest.mark.parametrize(
    ("answer", "why"), [(NO_PAPER + TAIL, "paper_out"), (HEAD_UP + TAIL, "head_up")]
)
async def test_a_printer_that_cannot_print_gets_nothing(answer: bytes, why: str) -> None:
    printer = Printer(answer)
    assert await printed(printer) == Printed(outcome=PrintOutcome.REFUSED, why=why)
    assert printer.jobs == [b""]


async def test_a_printer_that_hangs_costs_no_more_than_the_deadline() -> None:
    told = await printed(Printer(None), within_s=0.1)
    assert told.outcome is PrintOutcome.CUT_OFF


async def test_no_printer_is_an_outcome() -> None:
    clock = SystemClock()
    with socket.socket() as taken:  # bound and deaf: nobody else can answer there
        taken.bind(("127.0.0.1", 0))
        address = taken.getsockname()
        told = await print_job(address, b"", Deadline.after(1.0, clock), clock)
    assert told.outcome is PrintOutcome.NOT_REACHED
    assert told.why


def test_what_a_printer_says_is_read_or_left() -> None:
    status = read_status(READY + TAIL)
    assert status is not None
    assert status.trouble == ""
    assert read_status(b"\x02030,0\x03") is None
    assert read_address("zebra") == ("zebra", 9100)
    assert read_address("10.0.0.7:6101") == ("10.0.0.7", 6101)
    for text in (":9100", "zebra:", "zebra:0", "zebra:99999", "zebra:x"):
        with pytest.raises(ValueError, match="is no printer"):
            read_address(text)


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["trays", "NO-SUCH"], 2),
        (["places"], 2),
        (["places", "moon:A1"], 2),
        (["places", "hold:a b"], 2),
        (["lpn", "--first", "1"], 2),
        (["containers", "hold", "--first", "K00001"], 2),
        (["badges", "--printer", "x:y"], 2),
    ],
)
def test_wrong_words_are_told_and_nothing_is_written(
    config: Path, words: list[str], code: int
) -> None:
    parser = argparse.ArgumentParser()
    labels.add_arguments(parser)
    out = config.parent / "labels.png"
    args = parser.parse_args([*words, "--config", str(config), "--out", str(out)])
    assert labels.run(args) == code
    assert not list(config.parent.glob("labels*"))


def test_without_a_configuration_the_problem_is_told(tmp_path: Path) -> None:
    parser = argparse.ArgumentParser()
    labels.add_arguments(parser)
    assert labels.run(parser.parse_args(["commands", "--config", str(tmp_path / "none")])) == 1


def test_the_label_of_what_is_repaired_says_by_whom() -> None:
    facts = UnitFacts(
        zone="repair", disposition="REFURB", row="R10", partner={"ru": "Лён", "en": "Linen"}
    )
    assert b"^FDREFURB R10 Linen^FS" in unit_label("0417-0001", facts, language="en", dpi=203)
    bare = replace(facts, partner={})
    assert b"^FDREFURB R10^FS" in unit_label("0417-0001", bare, language="en", dpi=203)
