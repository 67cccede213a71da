"""What can be wrong with a unit, how often, and where it must end.

The zones are the checkpoints of the default content; nothing here is computed by a policy engine.
"""

from typing import Final

from sim.truth.model import Scenario

GOOD: Final[dict[str, str | int]] = {
    "danger": "clear",
    "identity": "match",
    "seal": "opened",
    "mark": "match",
    "strip": "in_place",
    "back_lift": "flat",
    "serial": "match",
    "lock": "removed",
    "health": 97,
    "data": "wiped",
}

OPTIONS: Final[dict[str, dict[str, str]]] = {
    "danger": {
        "clear": "No",
        "battery": "Swollen, hot, hissing, smoking battery",
        "leak": "Leak, chemical smell, powder",
        "bio": "Blood, mould, insects, needles",
        "glass": "Broken glass / sharp edges",
    },
    "identity": {
        "match": "Yes, same",
        "variant": "Other size / colour",
        "undeclared": "Known item, not announced here",
        "other": "Different item",
        "empty": "Box is empty",
        "unknown": "Cannot tell",
    },
    "seal": {
        "sealed": "Sealed, never opened",
        "opened": "Opened, complete box",
        "damaged": "Box damaged",
        "missing": "No original box",
    },
    "mark": {
        "match": "Read in full, the code we sold",
        "nodata": "Read in full, sold code not known",
        "unreadable": "Present, unreadable",
        "missing": "No mark on the item",
        "mismatch": "Other GTIN or not the code we sold",
    },
    "strip": {"in_place": "In place", "broken": "Missing or re-stuck"},
    "back_lift": {"flat": "No", "lifting": "Yes: STOP, do not charge"},
    "serial": {
        "match": "Same as shipped",
        "mismatch": "Not the one shipped",
        "unreadable": "Unreadable / removed",
        "nodata": "No shipment data cached",
    },
    "lock": {"removed": "Off", "locked": "Locked", "uncheckable": "Cannot check"},
    "data": {
        "blank": "Never activated",
        "wiped": "Factory reset done and checked",
        "present": "Present / cannot check",
    },
}
"""English words of the options of every question that may be open, in the order of its digits."""

SCENARIOS: Final = (
    Scenario(name="perfect", weight=24, articles="tee", zone="resale", disposition="RESTOCK"),
    Scenario(
        name="sealed_apparel",
        weight=5,
        articles="tee",
        zone="resale",
        disposition="RESTOCK",
        marks={"seal": 1},
    ),
    Scenario(
        name="strip_in_place",
        weight=3,
        articles="underwear",
        zone="resale",
        disposition="RESTOCK",
    ),
    Scenario(
        name="tried_on",
        weight=9,
        articles="dress",
        zone="repair",
        disposition="REWORK",
        marks={"wear": 1},
    ),
    Scenario(
        name="stained",
        weight=6,
        articles="tee",
        zone="repair",
        disposition="REWORK",
        marks={"stain": 1},
    ),
    Scenario(
        name="torn",
        weight=8,
        articles="tee",
        zone="disposal",
        disposition="RECYCLE",
        marks={"fabric": 2},
    ),
    Scenario(
        name="strip_broken",
        weight=5,
        articles="underwear",
        zone="disposal",
        disposition="DESTROY",
        answers={"strip": "broken"},
    ),
    Scenario(
        name="sealed_phone",
        weight=6,
        articles="phone",
        zone="resale",
        disposition="RESTOCK",
        answers={"seal": "sealed"},
    ),
    Scenario(
        name="sealed_phone_by_put",
        weight=4,
        articles="phone",
        zone="resale",
        disposition="RESTOCK",
        answers={"seal": "sealed"},
        seal_by_put=True,
    ),
    Scenario(name="opened_phone", weight=8, articles="phone", zone="resale", disposition="BSTOCK"),
    Scenario(
        name="data_present",
        weight=5,
        articles="phone",
        zone="repair",
        disposition="DATA_WIPE",
        answers={"data": "present"},
    ),
    Scenario(
        name="account_lock",
        weight=2,
        articles="phone",
        zone="hold",
        disposition="HOLD_UNLOCK",
        answers={"lock": "locked"},
    ),
    Scenario(
        name="screen_cracked_low",
        weight=5,
        articles="phone_low",
        zone="disposal",
        disposition="RECYCLE",
        marks={"screen": 3},
    ),
    Scenario(
        name="screen_cracked_high",
        weight=4,
        articles="phone_high",
        zone="repair",
        disposition="REFURB",
        marks={"screen": 3},
    ),
    Scenario(
        name="back_lifting",
        weight=1,
        articles="phone",
        zone="hazmat",
        disposition="HAZMAT_HOLD",
        answers={"back_lift": "lifting"},
    ),
    Scenario(
        name="battery_swollen",
        weight=1,
        articles="phone",
        zone="hazmat",
        disposition="HAZMAT_HOLD",
        answers={"danger": "battery"},
    ),
    Scenario(
        name="serial_mismatch",
        weight=1,
        articles="phone",
        zone="hold",
        disposition="HOLD_DISPUTE",
        answers={"serial": "mismatch"},
    ),
    Scenario(
        name="undeclared",
        weight=3,
        articles="stranger",
        zone="hold",
        disposition="HOLD_UNANNOUNCED",
        answers={"identity": "undeclared"},
    ),
    Scenario(name="missing", weight=6, articles="tee", zone="", disposition=""),
)
