"""G34: every demanded photograph has a camera at this station, and no unit wants too many."""

from collections.abc import Iterator
from dataclasses import replace

from zoning import session
from zoning.checklist.values import Slot
from zoning.encode.checklist import demands, pictures
from zoning.encode.cnf import Lit
from zoning.encode.counter import counted
from zoning.findings import Finding
from zoning.gate.report import STATION_CHECK, Checked, joined
from zoning.gate.runs import Runs
from zoning.gate.theory import checked, texts


def check_photos(runs: Runs, cameras: frozenset[str] | None) -> Checked:
    """Return whether a run can demand a slot without a camera, or more photographs than allowed.

    `cameras` None = nobody knows which cameras there are; then only the number is checked.
    """
    name = runs.checklist.id
    found = [checked(STATION_CHECK, f"photos {name}", _too_many(runs))]
    if cameras is not None:
        found.append(checked(STATION_CHECK, f"cameras {name}", _blind(runs, cameras)))
    return joined(tuple(found))


def _blind(runs: Runs, cameras: frozenset[str]) -> Iterator[Finding]:
    for slot in runs.checklist.slots.values():
        if slot.camera in cameras:
            continue
        asking = [lit for lit in (_demanded(runs, slot), _of_parcel(runs, slot)) if lit is not None]
        told = runs.plain(runs.cnf.disj(asking))
        if told is None:
            continue
        due = {demand.slot for demand in session.slots_due(told.run)}
        yield replace(
            runs.finding(
                STATION_CHECK,
                told,
                slot,
                text=texts(
                    f"у станции нет камеры {slot.camera} для снимка {slot.name}",
                    f"the station has no camera {slot.camera} for the photograph {slot.name}",
                ),
                subject=f"{runs.checklist.id}.{slot.name}",
                is_shown=slot.name in due or _is_of_parcel(runs, slot),
            ),
            got=f"cameras = {{{', '.join(sorted(cameras))}}}",
            expected=f"camera = {slot.camera}",
        )


def _demanded(runs: Runs, slot: Slot) -> Lit | None:
    return runs.joint.photos.get(slot.name)


def _of_parcel(runs: Runs, slot: Slot) -> Lit | None:
    """Return whether the parcel's own inspection demanded the slot."""
    asking = [
        one.chosen[option.id]
        for one in runs.joint.steps.values()
        for option in one.step.options
        if one.step.by_parcel and slot.name in option.photo
    ]
    return runs.cnf.disj(asking) if asking else None


def _is_of_parcel(runs: Runs, slot: Slot) -> bool:
    steps = (step for step in runs.checklist.steps if step.by_parcel)
    return any(slot.name in option.photo for step in steps for option in step.options)


def _too_many(runs: Runs) -> Iterator[Finding]:
    limit = runs.pack.photos_max
    row = counted(runs.cnf, list(_units(runs)), limit + 1)
    if len(row) <= limit:
        return
    told = runs.plain(row[limit])
    if told is None:
        return
    due = session.slots_due(told.run)
    count = sum(demand.count for demand in due)
    yield replace(
        runs.finding(
            STATION_CHECK,
            told,
            runs.checklist,
            text=texts("слишком много снимков одного товара", "too many photographs of one unit"),
            subject=runs.checklist.id,
            is_shown=count > limit,
        ),
        got=f"{count}: " + ", ".join(f"{demand.slot} {demand.count}" for demand in due),
        expected=f"<= {limit}",
    )


def _units(runs: Runs) -> Iterator[Lit]:
    """Yield a literal per photograph that a run can demand, as `session.slots_due` counts them."""
    asking: dict[str, list[Lit]] = {}
    for one in runs.joint.steps.values():
        for name, lit in demands(runs.cnf, one, runs.joint.steps):
            asking.setdefault(name, []).append(lit)
    for name, lits in asking.items():
        slot = runs.checklist.slots[name]
        times = lits if slot.each else [runs.cnf.disj(lits)]
        for nth in range(1, runs.pack.photos_max + 2):
            wanted = _at_least(runs, slot, nth)
            if wanted == runs.cnf.false:
                break
            yield from (runs.cnf.conj((time, wanted)) for time in times)


def _at_least(runs: Runs, slot: Slot, nth: int) -> Lit:
    """Return whether a slot, if it is demanded, wants at least so many photographs each time."""
    if nth <= slot.min_count:
        return runs.cnf.true
    steps = runs.joint.steps
    images = [one for one in steps.values() if one.step.slot == slot.name]
    return runs.cnf.disj([pictures(runs.cnf, one, steps, nth) for one in images])
