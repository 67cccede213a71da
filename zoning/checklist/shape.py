"""What each key of a step allows alone but not together, and what steps must not share."""

from collections.abc import Iterable, Mapping, Sequence

from zoning.checklist.inherit import Part
from zoning.checklist.values import Slot, Step, StepType
from zoning.findings import Place
from zoning.grammar import FALSE, TRUE
from zoning.model import Domain, Kind
from zoning.policy import Policy

_COMPARED = frozenset(("match", "mismatch", "unreadable", "nodata", "missing"))
_SELECT = (StepType.SELECT_ONE, StepType.SELECT_MULTIPLE)
_WITH_OPTIONS = (*_SELECT, StepType.BARCODE, StepType.ACKNOWLEDGE)


def check_shape(part: Part, step: Step, slots: Mapping[str, Slot], policy: Policy) -> None:
    """Refuse a step whose keys contradict each other or its type."""
    place = part.place
    ids = {option.id for option in step.options}
    if step.type in _SELECT and not ids:
        place.refuse("required", {"key": "option"})
    if step.compare and (step.type is not StepType.BARCODE or not ids <= _COMPARED):
        want = " ".join(sorted(_COMPARED))
        place.at("compare").refuse(
            "bad_value", {"key": "option", "got": " ".join(sorted(ids)), "want": want}
        )
    for key in _foreign(step, part):
        place.at(key).refuse("not_here", {"key": key, "got": step.type})
    for key in _of_a_unit(step):
        place.at(key).refuse("not_here", {"key": key, "got": "scope parcel"})
    for key, names in (("default", {step.default} - {""}), ("exclusive", set(step.exclusive))):
        for name in sorted(names - ids):
            place.at(key).refuse("unknown_name", {"key": key, "got": name})
    if step.type is StepType.IMAGE and step.slot not in slots:
        place.at("slot").refuse("unknown_name", {"key": "slot", "got": step.slot})
    if step.feeds and not _can_feed(step, policy):
        place.at("feeds").refuse("unknown_name", {"key": "feeds", "got": step.feeds})
    if step.is_free and not step.group:
        place.at("order").refuse("required", {"key": "group"})


def _foreign(step: Step, part: Part) -> Iterable[str]:
    """Yield the keys that mean nothing for this type of step."""
    if step.options and step.type not in _WITH_OPTIONS:
        yield "option"
    if step.exclusive and not step.is_multiple:
        yield "exclusive"
    if step.is_silent and step.must != FALSE:
        yield "must"
    if step.type is not StepType.IMAGE:
        yield from (key for key in ("slot", "min_count") if key in part.raw)


def _of_a_unit(step: Step) -> Iterable[str]:
    """Yield what a step of the parcel cannot have: no unit is known when it is asked."""
    if step.by_parcel:
        if step.must != FALSE:
            yield "must"
        if step.relevant != TRUE:
            yield "relevant"
        if step.constraint is not None:
            yield "constraint"


def check_together(places: Sequence[Place], steps: Sequence[Step]) -> None:
    """Refuse steps that one scan or one fact would answer together, and torn groups."""
    for key in ("compare", "auto", "feeds"):
        seen: dict[str, str] = {}
        for place, step in zip(places, steps, strict=True):
            word = str(getattr(step, key))
            other = seen.setdefault(word, step.name)
            if word and other != step.name:
                place.at(key).refuse("shared", {"key": f"{key} = {word}", "got": other})
    for at, (place, step) in enumerate(zip(places, steps, strict=True)):
        if step.group and _is_torn(steps, at):
            place.at("group").refuse("torn_group", {"got": step.group})


def _is_torn(steps: Sequence[Step], at: int) -> bool:
    """Whether a step stands apart from an earlier one of its group, or in another stage."""
    step, earlier = steps[at], steps[:at]
    if all(one.group != step.group for one in earlier):
        return False
    return earlier[-1].group != step.group or earlier[-1].stage is not step.stage


def _can_feed(step: Step, policy: Policy) -> bool:
    """A column takes a step's answer if every answer is one of its values."""
    column, domain = policy.domains.get(step.feeds), step.domain
    if column is None or domain is None or step.feeds == "grade":
        return False
    if domain.is_number:
        same = column.kind is domain.kind and column.precision == domain.precision
        return same and _within(domain, column)
    return column.kind is Kind.ENUM is domain.kind and set(domain.values) <= set(column.values)


def _within(inner: Domain, outer: Domain) -> bool:
    low, high = inner.range.low, inner.range.high
    return low is not None and high is not None and low in outer.range and high in outer.range
