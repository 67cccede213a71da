"""Which event node is the keyboard that is meant, by links and sysfs alone. Opens no device."""

import errno
import struct
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from drivers.wire.hid_messages import HidMatch

# A scanner types letters and ends with Enter; its other nodes (volume keys, power) do not.
_TYPED: Final = (28, 30, 44)
_WORD_BITS: Final = struct.calcsize("l") * 8


def find_keyboard(match: HidMatch, root: Path = Path("/")) -> Path:
    """Return the device node that is meant, without opening any.

    Raises FileNotFoundError for none, OSError ENOTUNIQ for several: two equal scanners without
    serial numbers have one by-id name between them, and only by_path tells them apart.
    """
    fit = sorted(set(_meant(match, root)))
    if not fit:
        raise FileNotFoundError(errno.ENOENT, "no such keyboard")
    if len(fit) > 1 or (match.by_id and not match.by_path and _has_twin(fit[0].name, root)):
        raise OSError(errno.ENOTUNIQ, "several keyboards fit: give by_path")
    return fit[0]


class StrayKeyboards:
    """Keyboards that are plugged in and that no configured scanner means."""

    def __init__(self, matches: Iterable[HidMatch], root: Path = Path("/")) -> None:
        self._matches = tuple(matches)
        self._root = root

    def names(self) -> dict[str, str]:
        """Return what each calls itself, by its link in by-id, else by its node."""
        nodes = (self._root / "dev/input").glob("event*")
        known = {node for match in self._matches for node in _meant(match, self._root)}
        strays = {node for node in nodes if _types(_about(node.name, self._root))} - known
        links = {link.resolve(): link for link in (self._root / "dev/input/by-id").glob("*")}
        return {
            links.get(node, node).name: _said(_about(node.name, self._root) / "name")
            for node in sorted(strays)
        }


def _meant(match: HidMatch, root: Path) -> Iterator[Path]:
    """Yield every node that fits, also where several do."""
    for link in _candidates(match, root):
        node = link.resolve()
        if _fits(match, root, node.name):
            yield node


def _candidates(match: HidMatch, root: Path) -> Iterable[Path]:
    folder = root / "dev/input"
    if match.by_id or match.by_path:
        links = [folder / "by-id" / match.by_id] if match.by_id else []
        links += [folder / "by-path" / match.by_path] if match.by_path else []
        return links if len({link.resolve() for link in links if link.exists()}) == 1 else []
    return (node for node in folder.glob("event*") if _types(_about(node.name, root)))


def _about(node: str, root: Path) -> Path:
    return root / "sys/class/input" / node / "device"


def _fits(match: HidMatch, root: Path, node: str) -> bool:
    about = _about(node, root)
    return (
        (not match.serial or _said(about / "uniq") == match.serial)
        and (not match.vendor or _number(about / "id/vendor") == match.vendor)
        and (not match.product or _number(about / "id/product") == match.product)
    )


def _has_twin(node: str, root: Path) -> bool:
    """Return whether another keyboard calls itself the same at another place."""
    one = _about(node, root)
    others = (root / "dev/input").glob("event*")
    return any(
        _place(other) != _place(one) and _names(other) == _names(one) and _types(other)
        for other in (_about(path.name, root) for path in others)
    )


def _names(about: Path) -> tuple[str, ...]:
    return tuple(_said(about / name) for name in ("id/vendor", "id/product", "uniq"))


def _place(about: Path) -> str:
    """Return the port; nodes of one device differ behind its slash."""
    return _said(about / "phys").partition("/")[0]


def _types(about: Path) -> bool:
    words = [int(word, 16) for word in reversed(_said(about / "capabilities/key").split())]
    return all(
        code // _WORD_BITS < len(words) and words[code // _WORD_BITS] >> code % _WORD_BITS & 1
        for code in _TYPED
    )


def _number(file: Path) -> int:
    return int(_said(file) or "0", 16)


def _said(file: Path) -> str:
    try:
        return file.read_text("ascii", "replace").strip()
    except OSError:
        return ""
