"""Journal event and view to EPCIS 2.0 events: one table row a kind, a pure function of both.

Kinds without a row are not exported. Words are those of CBV 2.0, never our own: what they cannot
say stands in extension fields, whose texts start with a letter because the event hash rewrites
what looks like a number.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, TypeVar

from edge.events import (
    ContainerUnitRemoved,
    Event,
    InspectionAnswered,
    MoveChanged,
    ParcelArrived,
    ParcelClosed,
    PhotoTaken,
    PutConfirmed,
    UnitIdentified,
    VerdictMade,
    utc_text,
)
from edge.sync.epcis.names import Names, event_id
from edge.sync.epcis.view import View

PREFIX: Final = "retx"
WEIGHT_STEP: Final = "weight_g"

Step = dict[str, Any]
Kind = TypeVar("Kind")


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """Everything a row may look at."""

    event: Event
    view: View
    names: Names

    def payload(self, kind: type[Kind]) -> Kind:
        """Return the payload of the kind that the row is for."""
        payload = self.event.payload
        assert isinstance(payload, kind), f"the row for {self.event.kind} is another kind's"
        return payload

    @property
    def subject(self) -> str:
        """Return the EPC of the unit, else of the parcel, the event is about."""
        if self.event.unit is not None:
            return self.names.unit_uri(self.event.unit, self.view.identified)
        return self.parcel

    @property
    def parcel(self) -> str:
        """Return the EPC of the parcel."""
        return self.names.parcel_uri(self.event.parcel or "", self.view.arrived)


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What EPCIS says of a moment: business step, disposition, lasting dispositions set by it."""

    biz_step: str
    disposition: str | None = None
    lasting: tuple[str, ...] = ()


Row = Callable[[About], tuple[Step, ...]]


def mapped(event: Event, view: View, names: Names) -> tuple[Step, ...]:
    """Return the EPCIS events of a journal event, none for a kind that is not exported."""
    row = ROWS.get(event.kind)
    if row is None or event.payload is None:
        return ()
    steps = row(About(event=event, view=view, names=names))
    return tuple({"eventID": event_id(event.id, n), **step} for n, step in enumerate(steps))


# ---------------------------------------------------------------- parcels


def _arrived(about: About) -> tuple[Step, ...]:
    given = about.payload(ParcelArrived)
    lasting = ("damaged",) if about.event.data.get("damage") else ()
    said = Said(biz_step="accepting", disposition="returned", lasting=lasting)
    there = {"type": "location", "destination": about.names.site_uri}
    return (_observed(about, said, rmas=given.rmas) | {"destinationList": [there]},)


def _parcel_closed(about: About) -> tuple[Step, ...]:
    given = about.payload(ParcelClosed)
    if not any(line.missing for line in given.lines):
        return ()
    said = Said(biz_step="inspecting", disposition="returned", lasting=("mismatch_quantity",))
    return (_observed(about, said, rmas=dict.fromkeys(line.rma for line in given.lines)),)


# ---------------------------------------------------------------- units

_MISMATCHES: Final[Mapping[str, tuple[str, ...]]] = {
    "expected": (),
    "wrong_serial": ("mismatch_instance",),
    "seen_elsewhere": ("mismatch_instance",),
}
_MISMATCH: Final = ("mismatch_class",)


def _identified(about: About) -> tuple[Step, ...]:
    given = about.payload(UnitIdentified)
    lasting = _MISMATCHES.get(given.match, _MISMATCH)
    said = Said(biz_step="receiving", disposition="returned", lasting=lasting)
    is_own = about.subject.startswith(f"{about.names.namespace}/")  # then it tells no article
    gtin = f"g{given.gtin}" if is_own and given.gtin else None
    more = _extensions({"parcel": about.parcel, "gtin": gtin})
    return (_unit(about, said) | {"bizLocation": {"id": about.names.site_uri}} | more,)


_FAULTY: Final = "non_conformant"
_NOT_SOLD: Final = "non_sellable_other"
_VERDICTS: Final[Mapping[str, Said]] = {
    "resale": Said(biz_step="inspecting", disposition="returned", lasting=("conformant",)),
    "repair": Said(biz_step="inspecting", disposition=_NOT_SOLD, lasting=(_FAULTY,)),
    "disposal": Said(biz_step="inspecting", disposition=_NOT_SOLD, lasting=(_FAULTY,)),
    "hold": Said(biz_step="inspecting"),
    "hazmat": Said(biz_step="inspecting", disposition=_NOT_SOLD),
}
# Flags of a policy pack for which CBV has a word.
_FAULTS: Final[Mapping[str, str]] = {
    "carrier_damage": "damaged",
    "liquid": "damaged",
    "missing_part": "needs_replacement",
}
_HELD: Final[Mapping[str, str]] = {
    "recall": "recalled",
    "expired": "expired",
    "suspect": "no_pedigree_match",
}


def _verdict(about: About) -> tuple[Step, ...]:
    given = about.payload(VerdictMade)
    said = _VERDICTS.get(given.zone)
    if said is None:
        return ()
    if _FAULTY in said.lasting:
        faults = {_FAULTS[flag] for flag in _flags(given) if flag in _FAULTS}
        said = replace(said, lasting=(*said.lasting, *sorted(faults)))
    if given.zone == "hold":
        said = replace(said, disposition=_held(given))
    more = {
        "grade": _worded(given.grade),
        "zone": given.zone,
        "row": _worded(given.row),
        "policy": about.names.document_uri("policy", given.policy),
        "checklist": about.names.document_uri("checklist", given.checklist),
        "reason": _worded(given.disposition) if given.zone == "hold" else None,
        "hazard": _hazards(given) if given.zone == "hazmat" else None,
    }
    return (_unit(about, said) | _extensions(more),)


def _held(verdict: VerdictMade | None) -> str:
    flags = _flags(verdict) if verdict is not None else ()
    return next((word for flag, word in _HELD.items() if flag in flags), "returned")


def _hazards(verdict: VerdictMade) -> list[str] | None:
    return [flag for flag in _flags(verdict) if flag.startswith("hazard_")] or None


def _flags(verdict: VerdictMade) -> tuple[str, ...]:
    known = verdict.facts.get("known")
    flags = known.get("flags") if isinstance(known, Mapping) else None
    return tuple(sorted(map(str, flags))) if isinstance(flags, list) else ()


# ---------------------------------------------------------------- puts and moves

_PUTS: Final[Mapping[str, Said]] = {
    "resale": Said(biz_step="storing", disposition="sellable_not_accessible"),
    "repair": Said(biz_step="holding", disposition="unavailable"),
    "disposal": Said(biz_step="collecting", disposition="disposed"),
    "hold": Said(biz_step="holding"),
    "hazmat": Said(biz_step="holding", disposition=_NOT_SOLD),
}


def _put(about: About) -> tuple[Step, ...]:
    given = about.payload(PutConfirmed)
    said = _PUTS.get(given.zone)
    if said is None:
        return ()
    if given.zone == "hold":
        said = replace(said, disposition=_held(about.view.verdict))
    there = {"bizLocation": {"id": about.names.zone_uri(given.zone)}}
    put = _unit(about, said) | there
    return (put,) if given.tray is None else (put, _packed(about, given.tray) | there)


def _packed(about: About, tray: str) -> Step:
    """The unit is in the tray from now on; wherever the tray goes, it goes."""
    packed = _unit(about, Said(biz_step="packing"))
    child = packed.pop("epcList")
    parent = about.names.tray_uri(tray)
    kind = {"type": "AggregationEvent", "action": "ADD"}
    return packed | kind | {"parentID": parent, "childEPCs": child}


def _unpacked(about: About) -> tuple[Step, ...]:
    """The unit is in its container no more; an undone put is declared in error by itself."""
    given = about.payload(ContainerUnitRemoved)
    if given.reason == "undo":
        return ()
    step = _unit(about, Said(biz_step="unpacking"))
    child = step.pop("epcList")
    parent = about.names.tray_uri(given.container)
    kind = {"type": "AggregationEvent", "action": "DELETE"}
    return (step | kind | {"parentID": parent, "childEPCs": child},)


def _carrying(about: About) -> tuple[Step, ...]:
    given = about.payload(MoveChanged)
    if about.event.unit is None:  # a container: which units are in it is said by their puts
        return ()
    robot = about.names.robot_uri(given.robot) if given.robot else None
    more = _extensions({"robot": robot, "move": f"urn:uuid:{given.move}"})
    step = _unit(about, Said(biz_step="transporting")) | more
    plan = about.view.moves.get(given.move)
    if plan is None or not 0 <= given.leg < len(plan.legs):
        return (step,)
    leg, place = plan.legs[given.leg], about.names.place_uri
    if leg.start:
        step["sourceList"] = [{"type": "location", "source": place(leg.start)}]
    if leg.end:
        step["destinationList"] = [{"type": "location", "destination": place(leg.end)}]
    return (step,)


# ---------------------------------------------------------------- measurements


def _photo(about: About) -> tuple[Step, ...]:
    given = about.payload(PhotoTaken)
    if given.personal:
        return ()
    kind = f"{about.names.namespace}/voc/Photo"
    return (_measured(about, {"type": kind, "uriValue": f"ni:///sha-256;{given.sha256}"}),)


def _weighed(about: About) -> tuple[Step, ...]:
    given = about.payload(InspectionAnswered)
    if given.step != WEIGHT_STEP or not isinstance(given.answer, int):
        return ()
    return (_measured(about, {"type": "Mass", "value": given.answer, "uom": "GRM"}),)


def _measured(about: About, report: Step) -> Step:
    """Return a measurement. It names no return: with both, the event hash is not defined alike."""
    said = Said(biz_step="inspecting")
    return _observed(about, said) | {"sensorElementList": [{"sensorReport": [report]}]}


# ---------------------------------------------------------------- what all have in common


def _unit(about: About, said: Said) -> Step:
    rma = about.event.data.get("rma")
    if rma is None and about.view.identified is not None:
        rma = about.view.identified.rma
    return _observed(about, said, rmas=() if rma is None else (rma,))


def _observed(about: About, said: Said, *, rmas: Iterable[str] = ()) -> Step:
    step: Step = {
        "type": "ObjectEvent",
        "eventTime": utc_text(about.event.time_ms),
        "eventTimeZoneOffset": about.event.data.get("tz"),
        "epcList": [about.subject],
        "action": "OBSERVE",
        "bizStep": said.biz_step,
        "readPoint": {"id": about.names.station_uri},
    }
    if said.disposition is not None:
        step["disposition"] = said.disposition
    if said.lasting:
        step["persistentDisposition"] = {"set": list(said.lasting)}
    returns = [{"type": "rma", "bizTransaction": about.names.return_uri(rma)} for rma in rmas]
    return step | ({"bizTransactionList": returns} if returns else {})


def _worded(text: str | None) -> str | None:
    """Return a name of the policy so that it cannot be read as a number."""
    return text if text is None or text[:1].isalpha() or text[:1] == "#" else f"v{text}"


def _extensions(values: Mapping[str, str | list[str] | None]) -> Step:
    return {f"{PREFIX}:{name}": value for name, value in values.items() if value is not None}


ROWS: Final[Mapping[str, Row]] = {
    ParcelArrived.KIND: _arrived,
    ParcelClosed.KIND: _parcel_closed,
    UnitIdentified.KIND: _identified,
    VerdictMade.KIND: _verdict,
    PutConfirmed.KIND: _put,
    ContainerUnitRemoved.KIND: _unpacked,
    "move.carrying": _carrying,
    PhotoTaken.KIND: _photo,
    InspectionAnswered.KIND: _weighed,
}
