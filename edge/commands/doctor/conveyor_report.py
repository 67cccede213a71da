"""A conformance run of a PLC on paper: a table for people, JSON for programs, a page to send."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from edge.commands.doctor import conformance
from edge.commands.doctor.conformance import said
from edge.commands.doctor.conveyor_scenarios.texts import TEXTS, TITLES, WORDS
from edge.commands.doctor.verdict import Result

_CATALOGUE: Final = conformance.Catalogue(texts=TEXTS, titles=TITLES, words=WORDS)


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
        return conformance.is_good(self.results)

    @property
    def name(self) -> str:
        """Return who was tried."""
        return self.conveyor

    @property
    def facts(self) -> Mapping[str, Any]:
        """Return what stands at the head of the JSON."""
        return {
            "conveyor": self.conveyor,
            "url": self.url,
            "style": self.style,
            "base": self.base,
            "lanes": self.lanes,
        }

    def about(self, lang: str) -> str:
        """Return the line that says which PLC it was."""
        return said(WORDS, "plc", lang, self.url, self.style, self.base, self.lanes)


def table(report: Report, lang: str) -> Iterator[str]:
    """Return the lines for a terminal."""
    return conformance.table(report, _CATALOGUE, lang)


def as_json(report: Report) -> str:
    """Return one JSON object."""
    return conformance.as_json(report, _CATALOGUE)


def as_markdown(report: Report, lang: str) -> str:
    """Return a page that can be sent to whoever programs the PLC."""
    return conformance.as_markdown(report, _CATALOGUE, lang)


def write(report: Report, folder: Path, lang: str) -> None:
    """Write report.md and report.json into a folder. Raises OSError."""
    conformance.write(folder, page=as_markdown(report, lang), body=as_json(report))
