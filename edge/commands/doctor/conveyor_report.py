"""A conformance run of a PLC on paper: a table for people, JSON for programs, a page to send."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from edge.commands.doctor.conveyor_scenarios.texts import TEXTS, TITLES, WORDS
from edge.commands.doctor.robot_scenarios.texts import said
from edge.commands.doctor.robot_scenarios.verdict import Result, Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """All results of one PLC."""

    conveyor: str
    url: str
    style: str
    base: int
    lanes: int
    at: str
    results: tuple[Result, ...]

    @property
    def is_good(self) -> bool:
        """Return whether nothing failed."""
        return all(result.verdict is not Verdict.FAIL for result in self.results)


def notes(result: Result, lang: str) -> Iterator[str]:
    """Return a result's sentences."""
    return (said(TEXTS, note.key, lang, *note.values) for note in result.notes)


def table(report: Report, lang: str) -> Iterator[str]:
    """Return the lines for a terminal."""
    yield said(WORDS, "heading", lang, report.conveyor)
    yield _plc(report, lang)
    for result in report.results:
        word = said(WORDS, result.verdict, lang)
        yield f"{result.id}  {word:<9}{said(TITLES, result.id, lang)}"
        yield from (f"             {note}" for note in notes(result, lang))


def as_json(report: Report) -> str:
    """Return one JSON object; notes are keys with their values and an English sentence."""
    rows = [
        {
            "id": result.id,
            "title": said(TITLES, result.id, "en"),
            "verdict": str(result.verdict),
            "seconds": round(result.seconds, 3),
            "notes": [
                {"key": note.key, "values": [str(one) for one in note.values], "text": text}
                for note, text in zip(result.notes, notes(result, "en"), strict=True)
            ],
        }
        for result in report.results
    ]
    head = {
        "conveyor": report.conveyor,
        "url": report.url,
        "style": report.style,
        "base": report.base,
        "lanes": report.lanes,
        "at": report.at,
        "ok": report.is_good,
        "results": rows,
    }
    return json.dumps(head, ensure_ascii=False, indent=2)


def as_markdown(report: Report, lang: str) -> str:
    """Return a page that can be sent to whoever programs the PLC."""
    columns = [said(WORDS, key, lang) for key in ("column", "verdict", "found")]
    lines = [
        f"# {said(WORDS, 'heading', lang, report.conveyor)}",
        "",
        _plc(report, lang),
        "",
        report.at,
        "",
        f"| | {' | '.join(columns)} |",
        "|---|---|---|---|",
    ]
    for result in report.results:
        title, word = said(TITLES, result.id, lang), said(WORDS, result.verdict, lang)
        text = "<br>".join(note.replace("|", "\\|") for note in notes(result, lang))
        lines.append(f"| {result.id} | {title} | {word} | {text} |")
    return "\n".join([*lines, ""])


def write(report: Report, folder: Path, lang: str) -> None:
    """Write report.md and report.json into a folder. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "report.md").write_text(as_markdown(report, lang), "utf-8")
    (folder / "report.json").write_text(as_json(report) + "\n", "utf-8")


def _plc(report: Report, lang: str) -> str:
    return said(WORDS, "plc", lang, report.url, report.style, report.base, report.lanes)
