"""Enter puts a unit on a lane that wants no scan: where that is configured and nothing is owed."""

from edge.floor import Tray
from edge.station import inspection, labelling, puts, recheck
from edge.station.decision import Context, Decision, Screen, refused
from edge.station.state import State, UnitWork

PROOF = "word"


def lane_of(unit: UnitWork, context: Context) -> Tray | None:
    """Return the lane on which Enter puts this decided unit, None where a label is scanned."""
    verdict = unit.verdict
    if verdict is None or unit.danger or unit.look is not None or verdict.move == "manual":
        return None
    lanes = (tray for tray in context.floor.trays.values() if tray.by_word)
    fitting = (
        tray
        for tray in lanes
        if tray.zone == verdict.zone and tray.disposition in (None, verdict.disposition)
    )
    return next(fitting, None)


def put(state: State, screen: Screen, unit: UnitWork, context: Context) -> Decision:
    """Put the unit on its lane; what is owed is asked for first, and then Enter again."""
    lane, verdict = lane_of(unit, context), unit.verdict
    zone = verdict.zone if verdict is not None else ""
    if lane is None or verdict is None:
        return refused(screen, "E35", z=zone)
    slots = inspection.slots_owed(unit, (), context)
    if slots:
        return refused(screen, "E34", slot=min(slots).name)
    owed = labelling.missing(unit, zone=zone, actions=verdict.actions, context=context)
    if owed is not None:
        return refused(screen, owed[0], lpn=owed[1])
    if recheck.due(state, unit, verdict, earlier=(), context=context):
        return refused(screen, "E35", z=zone)
    return puts.tray_scan(state, screen, lane.id, context, proof=PROOF)
