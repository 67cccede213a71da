"""A conformance run on paper: what reports about robots and about PLCs have in common."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol

from edge.commands.doctor.verdict import Result, Verdict

LANGUAGES: Final = ("en", "ru")
Words = dict[str, tuple[str, str]]
"""Sentences by key, in the order of LANGUAGES."""


def said(table: Words, key: str, lang: str, *values: object) -> str:
    """Return the sentence of a key in a language with its values."""
    return table[key][LANGUAGES.index(lang)].format(*values)


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogue:
    """What is said, by key and language: sentences of results, titles of scenarios, words."""

    texts: Words
    titles: Words
    words: Words


class Paper(Protocol):
    """One run: who was tried, when, and what came of it. `facts` stand in the JSON as they are."""

    @property
    def name(self) -> str: ...

    @property
    def at(self) -> str: ...

    @property
    def results(self) -> tuple[Result, ...]: ...

    @property
    def facts(self) -> Mapping[str, Any]: ...

    def about(self, lang: str) -> str: ...


def is_good(results: tuple[Result, ...]) -> bool:
    """Return whether nothing failed."""
    return all(result.verdict is not Verdict.FAIL for result in results)


def table(paper: Paper, catalogue: Catalogue, lang: str) -> Iterator[str]:
    """Return the lines for a terminal."""
    yield said(catalogue.words, "heading", lang, paper.name)
    yield paper.about(lang)
    for result in paper.results:
        word = said(catalogue.words, result.verdict, lang)
        yield f"{result.id}  {word:<9}{said(catalogue.titles, result.id, lang)}"
        yield from (f"             {note}" for note in _notes(result, catalogue, lang))


def as_json(paper: Paper, catalogue: Catalogue) -> str:
    """Return one JSON object; notes are keys with their values and an English sentence."""
    rows = [
        {
            "id": result.id,
            "title": said(catalogue.titles, result.id, "en"),
            "verdict": str(result.verdict),
            "seconds": round(result.seconds, 3),
            "notes": [
                {"key": note.key, "values": [str(one) for one in note.values], "text": text}
                for note, text in zip(result.notes, _notes(result, catalogue, "en"), strict=True)
            ],
        }
        for result in paper.results
    ]
    whole = {**paper.facts, "at": paper.at, "ok": is_good(paper.results), "results": rows}
    return json.dumps(whole, ensure_ascii=False, indent=2)


def as_markdown(paper: Paper, catalogue: Catalogue, lang: str) -> str:
    """Return a page that can be sent to whoever made the robot or programs the PLC."""
    columns = [said(catalogue.words, key, lang) for key in ("column", "verdict", "found")]
    lines = [
        f"# {said(catalogue.words, 'heading', lang, paper.name)}",
        "",
        paper.about(lang),
        "",
        paper.at,
        "",
        f"| | {' | '.join(columns)} |",
        "|---|---|---|---|",
    ]
    for result in paper.results:
        title = said(catalogue.titles, result.id, lang)
        word = said(catalogue.words, result.verdict, lang)
        text = "<br>".join(_cell(note) for note in _notes(result, catalogue, lang))
        lines.append(f"| {result.id} | {title} | {word} | {text} |")
    return "\n".join([*lines, ""])


def write(folder: Path, *, page: str, body: str) -> None:
    """Write report.md and report.json into a folder. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "report.md").write_text(page, "utf-8")
    (folder / "report.json").write_text(body + "\n", "utf-8")


def _notes(result: Result, catalogue: Catalogue, lang: str) -> Iterator[str]:
    return (said(catalogue.texts, note.key, lang, *note.values) for note in result.notes)


def _cell(text: str) -> str:
    """What a device said must not leave its cell."""
    plain = " ".join(text.split()).replace("<", "&lt;")
    return plain.replace("|", "\\|")
