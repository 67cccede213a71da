"""One key says that a question or a decision is wrong: for the policy's author, with the unit."""

from edge.events import OperatorFeedback
from edge.station import asking, checks
from edge.station.decision import Context, Decision, Screen, accepted, on_unit, refused
from edge.station.state import State


def given(state: State, screen: Screen, context: Context) -> Decision:
    """Record it about the open question, else about the row that decides; the work goes on."""
    unit = state.unit
    if unit is None or unit.checklist is None:
        return refused(screen, "E00", want="want.item")
    step = asking.open_step(unit, context) if unit.verdict is None else None
    about = step.name if step is not None else asking.proposal(unit, context).row
    code = "wrong_question" if step is not None else "wrong_decision"
    event = OperatorFeedback(about=about, code=code, policy=checks.pack_of(unit, context).sha256)
    return accepted(screen, "fb.feedback", on_unit(unit, event), about=about)
