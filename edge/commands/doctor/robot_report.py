"""A conformance run on paper: a table for people, JSON for programs, a profile for the station."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edge.commands.doctor.robot_scenarios.texts import TEXTS, TITLES, WORDS, said
from edge.commands.doctor.robot_scenarios.verdict import Result, Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """All results of one robot. `profile` = keys of its vendor profile, as found or configured."""

    robot: str
    manufacturer: str
    serial: str
    version: str
    broker: str
    at: str
    results: tuple[Result, ...]
    profile: Mapping[str, Any]

    @property
    def is_good(self) -> bool:
        """Return whether nothing failed."""
        return all(result.verdict is not Verdict.FAIL for result in self.results)


def notes(result: Result, lang: str) -> Iterator[str]:
    """Return a result's sentences."""
    return (said(TEXTS, note.key, lang, *note.values) for note in result.notes)


def table(report: Report, lang: str) -> Iterator[str]:
    """Return the lines for a terminal."""
    yield said(WORDS, "heading", lang, report.robot)
    yield _robot(report, lang)
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
        "robot": report.robot,
        "manufacturer": report.manufacturer,
        "serial": report.serial,
        "version": report.version,
        "broker": report.broker,
        "at": report.at,
        "ok": report.is_good,
        "results": rows,
        "profile": dict(report.profile),
    }
    return json.dumps(head, ensure_ascii=False, indent=2)


def as_markdown(report: Report, lang: str) -> str:
    """Return a page that can be sent to the vendor."""
    columns = [said(WORDS, key, lang) for key in ("column", "verdict", "found")]
    lines = [
        f"# {said(WORDS, 'heading', lang, report.robot)}",
        "",
        _robot(report, lang),
        "",
        report.at,
        "",
        f"| | {' | '.join(columns)} |",
        "|---|---|---|---|",
    ]
    for result in report.results:
        title = said(TITLES, result.id, lang)
        word = said(WORDS, result.verdict, lang)
        text = "<br>".join(_cell(note) for note in notes(result, lang))
        lines.append(f"| {result.id} | {title} | {word} | {text} |")
    heading = said(WORDS, "profile", lang)
    lines += ["", f"## {heading}", "", "```toml", as_toml(report.profile).rstrip(), "```", ""]
    return "\n".join(lines)


def as_toml(profile: Mapping[str, Any]) -> str:
    """Return the profile as a file for config/profiles/."""
    return "".join(f"{key} = {_value(value)}\n" for key, value in profile.items())


def write(report: Report, folder: Path, lang: str) -> None:
    """Write report.md, report.json and the profile into a folder. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "report.md").write_text(as_markdown(report, lang), "utf-8")
    (folder / "report.json").write_text(as_json(report) + "\n", "utf-8")
    (folder / "profile.toml").write_text(as_toml(report.profile), "utf-8")


def _robot(report: Report, lang: str) -> str:
    given = (report.manufacturer, report.serial, report.version, report.broker)
    return said(WORDS, "robot", lang, *given)


def _cell(text: str) -> str:
    """What a robot said must not leave its cell."""
    plain = " ".join(text.split()).replace("<", "&lt;")
    return plain.replace("|", "\\|")


def _value(value: Any) -> str:
    """Return a TOML value; JSON's texts, numbers and truths are written alike."""
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{_value(str(k))} = {_value(v)}" for k, v in value.items()) + " }"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_value(one) for one in value) + "]"
    return json.dumps(value, ensure_ascii=False)
