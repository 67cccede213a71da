"""The bench with a memory: what earlier work is known by, and marks in their groups."""

from dataclasses import dataclass, field

from bench import ITEMS, KEY, Bench, rules
from drivers.protocols import DeviceName, Evidence, Scan, ScanSource, Symbology
from edge.barcodes.classify import Rules, classify
from edge.barcodes.marked import settled
from edge.barcodes.meanings import Meaning
from edge.catalogue import CatalogueItem, MarkGroup
from edge.events import Event
from edge.station.inputs import Input, Lookups, ScanInput
from edge.station.meanings import codes_of, item_of, names_of

GROUPS = (
    MarkGroup(
        name="clothes",
        serial_len=13,
        tails=("crypto_44", "crypto_88", "none"),
        categories=("apparel",),
    ),
)
SURE = Evidence(engines=frozenset({"zxing", "zbar"}), votes=3)
LONE = Evidence(engines=frozenset({"zxing"}), votes=1)


@dataclass
class KnownBench(Bench):
    """Scans with the look-ups of a real station."""

    known: dict[str, list[str]] = field(default_factory=dict)
    items: dict[str, CatalogueItem] = field(default_factory=lambda: dict(ITEMS))
    profile: str = ""
    beside: tuple[tuple[Meaning, ...], ...] = ()
    gap_ms: int = 2_000

    def take(self, given: Input) -> list[str]:
        """Remember by what the new work is found, as the journal does."""
        kinds = super().take(given)
        for code, subject in self.last.codes if self.last else ():
            self.known.setdefault(code, []).insert(0, subject)
        return kinds

    def read(
        self,
        payload: str,
        symbology: Symbology = Symbology.UNKNOWN,
        *,
        source: ScanSource = ScanSource.SERIAL,
        device: str = "hand-1",
        aim: str | None = None,
        evidence: Evidence | None = None,
        after_ms: int | None = None,
    ) -> list[str]:
        """Read a code `after_ms` after the one before, two seconds if it is not said."""
        gap_ms = self.gap_ms if after_ms is None else after_ms
        self.now_ms += gap_ms - 2_000  # the bench itself lets two seconds go by
        at_ns = (self.now_ms + 2_000) * 1_000_000
        code = Scan(
            scan_no=self.count,
            payload=payload.encode(),
            device=DeviceName(device),
            source=source,
            first_ns=at_ns,
            at_ns=at_ns,
            aim_id=aim,
            symbology=symbology,
            evidence=evidence or (SURE if source is ScanSource.CAMERA else Evidence()),
        )
        own = Rules(site_keys=(KEY,), numbers=rules().numbers, groups=GROUPS)
        meanings = classify(code, own)
        meanings = settled(code, meanings, self._category, GROUPS)
        codes = {one for meaning in meanings for one in codes_of(meaning)}
        names = dict.fromkeys(name for one in meanings for name in names_of(one))
        gtins = self._gtins(codes) | {r.gtin or "" for r in map(item_of, meanings) if r}
        lookups = Lookups(
            candidates=self._candidates(codes),
            seen=tuple(subject for name in names for subject in self.known.get(name, ())),
            former=self._former(codes),
            items={gtin: self.items[gtin] for gtin in gtins if gtin in self.items},
        )
        return self.take(
            ScanInput(
                input=f"b/{device}/{self.count}",
                scan=code,
                meanings=meanings,
                lookups=lookups,
                profile=self.profile,
                beside=self.beside,
            )
        )

    def _category(self, gtin: str) -> str | None:
        return self.items[gtin].category if gtin in self.items else None


def payloads(events: list[Event], kind: type) -> list[object]:
    """Return the payloads of one kind, in order."""
    return [event.payload for event in events if isinstance(event.payload, kind)]
