"""A conformance run on paper: a table for people, JSON for programs, a profile for the station."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from edge.commands.doctor import conformance
from edge.commands.doctor.conformance import said
from edge.commands.doctor.robot_scenarios.texts import TEXTS, TITLES, WORDS
from edge.commands.doctor.verdict import Result

_CATALOGUE: Final = conformance.Catalogue(texts=TEXTS, titles=TITLES, words=WORDS)


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
        return conformance.is_good(self.results)

    @property
    def name(self) -> str:
        """Return who was tried."""
        return self.robot

    @property
    def facts(self) -> Mapping[str, Any]:
        """Return what stands at the head of the JSON."""
        return {
            "robot": self.robot,
            "manufacturer": self.manufacturer,
            "serial": self.serial,
            "version": self.version,
            "broker": self.broker,
            "profile": dict(self.profile),
        }

    def about(self, lang: str) -> str:
        """Return the line that says which robot it was."""
        given = (self.manufacturer, self.serial, self.version, self.broker)
        return said(WORDS, "robot", lang, *given)


def table(report: Report, lang: str) -> Iterator[str]:
    """Return the lines for a terminal."""
    return conformance.table(report, _CATALOGUE, lang)


def as_json(report: Report) -> str:
    """Return one JSON object."""
    return conformance.as_json(report, _CATALOGUE)


def as_markdown(report: Report, lang: str) -> str:
    """Return a page that can be sent to the vendor; the profile stands at its end."""
    page = conformance.as_markdown(report, _CATALOGUE, lang)
    heading = said(WORDS, "profile", lang)
    rest = ["", f"## {heading}", "", "```toml", as_toml(report.profile).rstrip(), "```", ""]
    return page + "\n".join(rest)


def as_toml(profile: Mapping[str, Any]) -> str:
    """Return the profile as a file for config/profiles/."""
    return "".join(f"{key} = {_value(value)}\n" for key, value in profile.items())


def write(report: Report, folder: Path, lang: str) -> None:
    """Write report.md, report.json and the profile into a folder. Raises OSError."""
    conformance.write(folder, page=as_markdown(report, lang), body=as_json(report))
    (folder / "profile.toml").write_text(as_toml(report.profile), "utf-8")


def _value(value: Any) -> str:
    """Return a TOML value; JSON's texts, numbers and truths are written alike."""
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{_value(str(k))} = {_value(v)}" for k, v in value.items()) + " }"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_value(one) for one in value) + "]"
    return json.dumps(value, ensure_ascii=False)
