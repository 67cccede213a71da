"""What speaks for a code and what against it. Pure: no picture is touched here."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from drivers.protocols import Symbology

Box = tuple[int, int, int, int]

LEFT_NS: Final = 500_000_000  # a code not seen for so long has left the view
VOTES_MAX: Final = 64  # more votes for one code change nothing
STAGES_MIN: Final = 3  # of a linear code in one still picture
AGAINST_TIMES: Final = 3

MATRIX: Final = frozenset(
    {
        Symbology.DATAMATRIX,
        Symbology.GS1_DATAMATRIX,
        Symbology.QR,
        Symbology.GS1_QR,
        Symbology.PDF417,
        Symbology.AZTEC,
    }
)
RETAIL: Final = frozenset({Symbology.EAN13, Symbology.EAN8, Symbology.UPCA, Symbology.UPCE})
SHORT: Final = frozenset({Symbology.EAN8, Symbology.UPCE})


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """One reading of one engine in one stage. `box` = x, y, width, height in the whole frame.

    `text` is the engine's view of the bytes: only it knows the symbol's character set.
    """

    payload: bytes
    text: str
    symbology: Symbology
    aim: str | None
    engine: str
    stage: str
    box: Box

    @property
    def key(self) -> tuple[str, bytes]:
        """Return the normal form under which votes are counted: GTIN-14, or kind and bytes."""
        if self.symbology in RETAIL:
            return ("gtin", self.payload.zfill(14))
        if self.symbology in (Symbology.CODE128, Symbology.GS1_128):
            return ("code128", self.payload.replace(b"\x1d", b""))
        return (self.symbology.value.removeprefix("gs1_"), self.payload)


@dataclass(slots=True)
class Tally:
    """All votes for one code: one per engine, stage and frame."""

    best: Found
    votes: set[tuple[str, str, int]] = field(default_factory=set)
    box: Box = (0, 0, 0, 0)
    """Where it was read last."""

    @property
    def engines(self) -> frozenset[str]:
        """Return the engines that read it."""
        return frozenset(engine for engine, _, _ in self.votes)

    @property
    def frames(self) -> int:
        """Return in how many frames it was read."""
        return len({frame for _, _, frame in self.votes})

    def add(self, found: Found, frame: int) -> None:
        """Count a reading; the one that knows the symbol's kind stays the best."""
        self.box = found.box
        if len(self.votes) < VOTES_MAX:
            self.votes.add((found.engine, found.stage, frame))
        if self.best.aim is None and found.aim is not None:
            self.best = found


class Ballot:
    """Votes of one scene, by normal form."""

    def __init__(self) -> None:
        self.tallies: dict[tuple[str, bytes], Tally] = {}

    def add(self, readings: Iterable[Found], frame: int) -> None:
        """Count the readings of one stage over one frame."""
        for found in readings:
            self.tallies.setdefault(found.key, Tally(best=found)).add(found, frame)

    def runner_up(self, key: tuple[str, bytes]) -> int:
        """Return the votes of the strongest other reading at the same place."""
        return max(self._against(key), default=0)

    def is_settled(self, key: tuple[str, bytes]) -> bool:
        """Return whether a still picture needs no further stage for this code.

        A matrix code corrects its errors: one read. A linear one needs three stages, and thrice
        the votes of all that was read otherwise at its place: two stages of one engine, or two
        engines over the same pixels, make the same mistake too often, and where many things can
        be read none is sure.
        """
        tally = self.tallies[key]
        if tally.best.symbology in MATRIX:
            return True
        votes = len(tally.votes)
        return votes >= STAGES_MIN and votes >= AGAINST_TIMES * sum(self._against(key))

    def is_agreed(self, key: tuple[str, bytes]) -> bool:
        """Return whether two engines read it and nothing else at its place; for the last word."""
        return len(self.tallies[key].engines) > 1 and not any(self._against(key))

    def _against(self, key: tuple[str, bytes]) -> Iterator[int]:
        own = self.tallies[key].best
        for other, tally in self.tallies.items():
            if other != key and touches(own.box, tally.best.box):
                yield len(tally.votes)

    def is_seen(self, key: tuple[str, bytes]) -> bool:
        """Return whether frames suffice: matrix codes one read, linear ones two votes and frames.

        Two engines without a contradiction count as much as two frames.
        """
        tally, rival = self.tallies[key], self.runner_up(key)
        if tally.best.symbology in MATRIX:
            return True
        if self.is_agreed(key):
            return True
        return tally.frames >= 2 and len(tally.votes) >= max(2, 2 * rival)

    def is_part(self, key: tuple[str, bytes]) -> bool:
        """Return whether a short retail code is but a piece of a long one beside it."""
        own = self.tallies[key].best
        return own.symbology in SHORT and any(
            tally.best.symbology in RETAIL - SHORT and touches(own.box, tally.best.box)
            for tally in self.tallies.values()
        )


@dataclass(slots=True)
class Track:
    """How long a code has been in view, and whether it was told."""

    first_ns: int
    last_ns: int
    is_told: bool = False


class Scene:
    """Codes in view over many frames: each is told once, and again only after it had left."""

    def __init__(self) -> None:
        self.ballot = Ballot()
        self._tracks: dict[tuple[str, bytes], Track] = {}
        self._visible: frozenset[tuple[str, bytes]] = frozenset()

    @property
    def is_pending(self) -> bool:
        """Return whether a code lacks evidence, or is missing and may come back at once."""
        tracks = self._tracks.items()
        return any(not track.is_told or key not in self._visible for key, track in tracks)

    @property
    def has_told(self) -> bool:
        """Return whether a code in view was told already."""
        return any(self._tracks[key].is_told for key in self._visible)

    def see(self, readings: Iterable[Found], frame: int, at_ns: int) -> None:
        """Count what one frame showed."""
        listed = tuple(readings)
        self.ballot.add(listed, frame)
        self._visible = frozenset(found.key for found in listed)
        for key in self._visible:
            self._tracks.setdefault(key, Track(at_ns, at_ns)).last_ns = at_ns
        self._forget(at_ns)

    def hold(self, at_ns: int) -> None:
        """Note that the picture did not change: what was in view still is."""
        for key in self._visible:
            self._tracks[key].last_ns = at_ns
        self._forget(at_ns)

    def news(self) -> list[tuple[Tally, int, Track]]:
        """Return codes that have enough evidence now and were not told: tally, runner-up, track."""
        fresh = [key for key, track in self._tracks.items() if self._is_news(key, track)]
        for key in fresh:
            self._tracks[key].is_told = True
        ballot = self.ballot
        return [(ballot.tallies[key], ballot.runner_up(key), self._tracks[key]) for key in fresh]

    def _is_news(self, key: tuple[str, bytes], track: Track) -> bool:
        if track.is_told or self.ballot.is_part(key):
            return False
        return self.ballot.is_settled(key) or self.ballot.is_seen(key)

    def _forget(self, now_ns: int) -> None:
        gone = [key for key, track in self._tracks.items() if now_ns - track.last_ns > LEFT_NS]
        for key in gone:
            del self._tracks[key], self.ballot.tallies[key]


def touches(one: Box, other: Box) -> bool:
    """Return whether two boxes lie in or in line with each other, with half their size to spare."""
    ax, ay, aw, ah = one
    bx, by, bw, bh = other
    spare = max(aw, ah, bw, bh) // 4 + 8
    return (
        ax - spare <= bx + bw
        and bx - spare <= ax + aw
        and ay - spare <= by + bh
        and by - spare <= ay + ah
    )
