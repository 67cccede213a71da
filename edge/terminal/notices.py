"""Views that the terminal makes itself: before the first one, while the service is away, a line.

They are pictures only: nothing here is ever sent.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from edge.views import (
    Feedback,
    Head,
    LockedWork,
    Net,
    Severity,
    Stage,
    StationView,
    StopWork,
    Tone,
)

AWAY: Final = "E91"

_WANTED: Final[Mapping[str, str]] = {
    "locked": "want.badge",
    "idle": "want.parcel",
    "parcel": "want.item",
    "checklist": "want.answer",
    "verdict": "want.tray",
    "choice": "want.digit",
    "entry": "want.code",
    "override": "want.supervisor",
    "resume": "want.resume",
}


def starting() -> StationView:
    """Return the picture before the first view."""
    empty = StationView(
        state="BOOT",
        stage=Stage(t="stage.wait"),
        head=Head(station="", net=Net(s="up"), at=""),
        work=LockedWork(),
    )
    return away(empty)


def away(view: StationView) -> StationView:
    """Return the view with E91 over its work: nothing is taken until the service is back."""
    return replace(
        view,
        stage=Stage(t="stage.wait", tone=Tone.ERROR),
        work=StopWork(code=AWAY),
        overlay=None,
        secret=False,
        fb=Feedback(n=0, sev=Severity.ERROR, t=AWAY),
        keys=(),
    )


def noticed(view: StationView, sev: Severity, msgid: str, given: Mapping[str, Any]) -> StationView:
    """Return the view with another feedback line."""
    at = view.fb.at if view.fb else ""
    return replace(
        view, fb=Feedback(n=view.fb.n if view.fb else 0, sev=sev, t=msgid, p=given, at=at)
    )


def wanted(view: StationView) -> str:
    """Return what the work on the screen waits for, for a key that means nothing."""
    return _WANTED.get(view.work.kind, "want.wait")
