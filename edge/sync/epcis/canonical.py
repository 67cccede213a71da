"""GS1 keys in one spelling: `https://id.gs1.org/…` with the finest key and nothing behind it.

Sources: GS1 Digital Link 1.2; EPC Tag Data Standard 2.0 §6-7; CBV 2.0 §8.9 (event hash).
"""

import re
from collections.abc import Callable, Mapping
from typing import Final

from edge.barcodes.checks import has_mod10, is_digits

DOMAIN: Final = "https://id.gs1.org"

# Names that a Digital Link may use instead of the numbers of keys and qualifiers.
_KEYS: Final[Mapping[str, str]] = {
    "gtin": "01",
    "itip": "8006",
    "cpid": "8010",
    "gln": "414",
    "party": "417",
    "gsrnp": "8017",
    "gsrn": "8018",
    "gcn": "255",
    "sscc": "00",
    "gdti": "253",
    "ginc": "401",
    "gsin": "402",
    "grai": "8003",
    "giai": "8004",
}
_QUALIFIERS: Final[Mapping[str, str]] = {"cpv": "22", "lot": "10", "ser": "21"}
_FINEST: Final[Mapping[str, tuple[str, ...]]] = {
    "01": ("21", "235", "10"),
    "8006": ("21", "10"),
    "414": ("254",),
    "8010": ("8011",),
}
_KEY: Final = "|".join((*_KEYS, *_KEYS.values()))
_LINK: Final = re.compile(
    rf"https?://[^/?#]+(?:/[^?#]*?)?/(?P<key>{_KEY})/(?P<value>[0-9]{{4}}[^/?#]*)"
    r"(?P<rest>(?:/[^/?#]+/[^/?#]+)*)/?(?:[?#].*)?"
)
# What stands in a key or qualifier; text with other characters is left as it is.
_PLAIN: Final = re.compile(r"[\x22\x27\x2D\x2E\x30-\x39\x3B-\x3F\x41-\x5A\x5F\x61-\x7A]+")
_ESCAPED: Final = str.maketrans({char: f"%{ord(char):02X}" for char in "!()*+,:"})


def canonical_uri(text: str) -> str:
    """Return the canonical Digital Link of a GS1 key, any other text unchanged."""
    if text.startswith("urn:epc:"):
        return _of_urn(text)
    if text.startswith("http"):
        return _of_link(text)
    return text


def _of_link(text: str) -> str:
    found = _LINK.fullmatch(text)
    if found is None:
        return text
    key = _KEYS.get(found["key"], found["key"])
    value = found["value"].zfill(14) if key == "01" else found["value"]
    parts = found["rest"].split("/")[1:]
    given = {_QUALIFIERS.get(n, n): v for n, v in zip(parts[::2], parts[1::2], strict=True)}
    finest = next((name for name in _FINEST.get(key, ()) if name in given), None)
    words = (value,) if finest is None else (value, given[finest])
    if not all(_PLAIN.fullmatch(word) for word in words):
        return text
    return f"{DOMAIN}/{key}/{value}" + (f"/{finest}/{given[finest]}" if finest else "")


# ---------------------------------------------------------------- EPC URNs


def _checked(digits: str) -> str:
    return next(digits + last for last in "0123456789" if has_mod10(digits + last))


def _gtin(company: str, item: str) -> str:
    """The first digit of the item reference is the packaging level: it goes to the front."""
    return _checked(item[:1] + company + item[1:])


def _sgln(company: str, location: str, extension: str) -> str:
    gln = f"414/{_checked(company + location)}"
    return gln if extension == "0" else f"{gln}/254/{extension}"


# Company and reference are digits and share a fixed length, the third part is free text.
_NUMBERED: Final[Mapping[str, tuple[int, Callable[[str, str, str], str]]]] = {
    "id:sgtin": (13, lambda company, item, serial: f"01/{_gtin(company, item)}/21/{serial}"),
    "id:sscc": (17, lambda company, ref, _: f"00/{_checked(ref[:1] + company + ref[1:])}"),
    "id:sgln": (12, _sgln),
    "id:pgln": (12, lambda company, party, _: f"417/{_checked(company + party)}"),
    "id:grai": (12, lambda company, kind, serial: f"8003/0{_checked(company + kind)}{serial}"),
    "id:gsrn": (17, lambda company, service, _: f"8018/{_checked(company + service)}"),
    "id:gdti": (12, lambda company, kind, serial: f"253/{_checked(company + kind)}{serial}"),
    "class:lgtin": (13, lambda company, item, lot: f"01/{_gtin(company, item)}/10/{lot}"),
    "idpat:sgtin": (13, lambda company, item, _: f"01/{_gtin(company, item)}"),
}

_WITHOUT_FREE: Final = frozenset(("id:sscc", "id:pgln", "id:gsrn"))


def _of_urn(text: str) -> str:
    scheme, _, rest = text.removeprefix("urn:epc:").rpartition(":")
    company, _, reference = rest.partition(".")
    if scheme == "id:giai" and is_digits(company) and reference:
        return f"{DOMAIN}/8004/{company}{reference.translate(_ESCAPED)}"
    number, _, free = reference.partition(".")
    length, make = _NUMBERED.get(scheme, (0, _sgln))
    is_whole = bool(free) is (scheme not in _WITHOUT_FREE)
    if not is_whole or not is_digits(company + number) or len(company + number) != length:
        return text
    return f"{DOMAIN}/{make(company, number, free.translate(_ESCAPED))}"
