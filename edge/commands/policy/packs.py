"""A pack named on the command line: loaded, or refused with everything that is wrong."""

import argparse
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from edge.feeds.pack_folder import read_pack
from zoning.findings import Finding, PolicyParseError, Severity
from zoning.model import Label
from zoning.pack import FILES, Pack, load_pack

REFUSED: Final = 1
UNUSABLE: Final = 2
LANGUAGES: Final = ("en", "ru")
_NO_FOLDER: Final = {"ru": "{}: нет такой папки", "en": "{}: no such folder"}
_NO_PACK: Final = {
    "ru": "{}: это не пакет политики: в папке нет {}",
    "en": "{}: this is no policy pack: the folder has no {}",
}
_UNREADABLE: Final = {"ru": "{}: не читается: {}", "en": "{}: cannot be read: {}"}
_WARNING: Final = {"ru": "предупреждение", "en": "warning"}


class NotAPackError(Exception):
    """There is nothing to check: the reason in both languages."""

    def __init__(self, text: Label) -> None:
        super().__init__(text["en"])
        self.text = text


class PackRefusedError(Exception):
    """A verb cannot work with this pack; `code` is the exit code."""

    def __init__(self, told: str, code: int) -> None:
        super().__init__(told)
        self.code = code


def add_pack(parser: argparse.ArgumentParser, name: str = "pack") -> None:
    """Declare a pack's folder."""
    parser.add_argument(name, type=Path, metavar=name.upper(), help="folder with pack.toml")


def add_language(parser: argparse.ArgumentParser) -> None:
    """Declare the language of what is printed."""
    parser.add_argument("--lang", choices=LANGUAGES, default="en", help="language (default: en)")


def read(folder: Path) -> Pack:
    """Return the pack of a folder. Raises NotAPackError, or PolicyParseError with all findings."""
    if not folder.is_dir():
        raise NotAPackError(_text(_NO_FOLDER, folder))
    if not (folder / FILES[0]).is_file():
        raise NotAPackError(_text(_NO_PACK, folder, FILES[0]))
    try:
        files = read_pack(folder)
    except OSError as error:
        raise NotAPackError(_text(_UNREADABLE, folder, error)) from error
    return load_pack(files)


def usable(folder: Path, language: str) -> Pack:
    """Return a pack that loads; for verbs that do not prove it. Raises PackRefusedError."""
    try:
        return read(folder)
    except NotAPackError as error:
        raise PackRefusedError(error.text[language], UNUSABLE) from error
    except PolicyParseError as error:
        raise PackRefusedError(findings_text(error.findings, language), REFUSED) from error


def findings_text(findings: Iterable[Finding], language: str) -> str:
    """Return findings one below the other; a warning says that it is one."""
    return "\n".join(_words(finding, language) for finding in findings)


def _words(finding: Finding, language: str) -> str:
    mark = f"{_WARNING[language]}: " if finding.severity is Severity.WARNING else ""
    return mark + finding.words(language)


def _text(form: Label, *parts: object) -> Label:
    return {language: words.format(*parts) for language, words in form.items()}
