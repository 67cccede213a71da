"""URIs of what our EPCIS events speak about: GS1 keys where there are any, else our own."""

import hashlib
import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from edge.barcodes.checks import GTIN_LENGTHS, has_mod10, is_sscc
from edge.events import DocumentRef, ParcelArrived, UnitIdentified

_GS1: Final = "https://id.gs1.org"
_EXTENSION_MAX: Final = 20  # characters of AI 254
_GRAI: Final = re.compile(r"(?P<asset>0[0-9]{13})[0-9A-Za-z._-]{1,16}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """Where the station stands. `gln` = Global Location Number of the site, empty if it has none.

    Every method returns an absolute URI; what is not allowed in one is percent-encoded.
    """

    namespace: str
    site: str
    station: str
    gln: str = ""

    @property
    def vocabulary(self) -> str:
        """Return what the prefix of our extension fields stands for."""
        return f"{self.namespace}/epcis/"

    @property
    def site_uri(self) -> str:
        """Return the building."""
        return f"{_GS1}/414/{self.gln}" if self.gln else self._own("site", self.site)

    @property
    def station_uri(self) -> str:
        """Return this station, where everything is read."""
        return self._within("station", self.station)

    def zone_uri(self, zone: str) -> str:
        """Return a zone of the site."""
        return self._within("zone", zone)

    def place_uri(self, place: str) -> str:
        """Return a place of the floor: a node, a dock, a lane."""
        return self._within("place", place)

    def tray_uri(self, tray: str) -> str:
        """Return a tray or tote: its GRAI if its id is one, else our own URI."""
        found = _GRAI.fullmatch(tray)
        if found is not None and has_mod10(found["asset"]):
            return f"{_GS1}/8003/{tray}"
        return self._own("tray", f"{self.site}.{tray}")

    def parcel_uri(self, parcel: str, arrived: ParcelArrived | None) -> str:
        """Return a parcel: its SSCC if it bears one, else our own URI."""
        codes = arrived.codes if arrived is not None else ()
        sscc = next((code for code in codes if is_sscc(code)), None)
        return f"{_GS1}/00/{sscc}" if sscc else self._own("parcel", parcel)

    def unit_uri(self, unit: str, identified: UnitIdentified | None) -> str:
        """Return a unit: GTIN and serial if they are confirmed, else our own URI."""
        if identified is None or not identified.confirmed or not identified.serial:
            return self._own("unit", unit)
        gtin = identified.gtin or ""
        if len(gtin) not in GTIN_LENGTHS or not has_mod10(gtin):
            return self._own("unit", unit)
        return f"{_GS1}/01/{gtin.zfill(14)}/21/{quote(identified.serial, safe='')}"

    def return_uri(self, rma: str) -> str:
        """Return a return as a business transaction."""
        if self.gln:
            return f"urn:epcglobal:cbv:bt:{self.gln}:{quote(rma, safe='')}"
        return self._own("rma", rma)

    def robot_uri(self, robot: str) -> str:
        """Return a robot."""
        return self._own("robot", f"{self.site}.{robot}")

    def document_uri(self, kind: str, document: DocumentRef) -> str:
        """Return the policy or checklist of a verdict; `kind` is `policy` or `checklist`."""
        return f"{self._own(kind, document.id)}/v{document.version}"

    def _within(self, kind: str, name: str) -> str:
        extension = name if kind == "station" else f"{kind}.{name}"
        if self.gln and len(extension) <= _EXTENSION_MAX and quote(extension, safe="") == extension:
            return f"{_GS1}/414/{self.gln}/254/{extension}"
        return self._own(kind, f"{self.site}.{name}")

    def _own(self, kind: str, name: str) -> str:
        return f"{self.namespace}/{kind}/{quote(name, safe='')}"


def event_id(journalled: str, number: int = 0) -> str:
    """Return the eventID of the first, second … EPCIS event of a journal event.

    The first takes the journal's id, a later one the name-based UUID (RFC 9562 §5.5) of its number.
    """
    if number == 0:
        return f"urn:uuid:{journalled}"
    within = bytes.fromhex(journalled.replace("-", ""))
    made = bytearray(hashlib.sha1(within + str(number).encode(), usedforsecurity=False).digest())
    made[6] = made[6] & 0x0F | 0x50
    made[8] = made[8] & 0x3F | 0x80
    digits = bytes(made[:16]).hex()
    parts = (digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:])
    return "urn:uuid:" + "-".join(parts)
