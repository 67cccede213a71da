"""The last acts and how fresh the newest is: what the screen says beside the work.

They are told again only while this service runs; what was done is in the journal.
"""

from collections import deque
from dataclasses import replace
from typing import Final

from drivers.protocols import Clock
from edge.views import Feedback, Severity, StationView, Undo

LAST_MAX: Final = 8
PUTS_MAX: Final = 5
PUT: Final = "fb.put"
UNDO: Final = "f9"


class Recent:
    """Looks at every view that is shown. `undo_s` = how long an act is fresh, seconds."""

    def __init__(self, clock: Clock, *, undo_s: float) -> None:
        self._clock = clock
        self._undo_s = undo_s
        self._last: deque[Feedback] = deque(maxlen=LAST_MAX)
        self._puts: deque[Feedback] = deque(maxlen=PUTS_MAX)
        self._n = 0
        self._acted_ns: int | None = None

    def on_view(self, view: StationView) -> StationView:
        """Return the view with the last accepted acts, newest first, and the undo bar."""
        if view.fb is not None and view.fb.n != self._n:
            self._note(view.fb)
        side = replace(view.side, last=tuple(self._last), puts=tuple(self._puts))
        return replace(view, side=side, undo=self._undo(view))

    def _note(self, feedback: Feedback) -> None:
        self._n = feedback.n
        if feedback.sev is Severity.OK:
            self._acted_ns = self._clock.monotonic_ns()
            self._last.appendleft(feedback)
            if feedback.t == PUT:
                self._puts.appendleft(feedback)

    def _undo(self, view: StationView) -> Undo | None:
        is_offered = any(key == UNDO for key, _ in view.keys)
        if not is_offered or self._acted_ns is None:
            return None
        age_s = (self._clock.monotonic_ns() - self._acted_ns) / 1e9
        left_s = -int(-(self._undo_s - age_s) // 1)
        return Undo(left_s=left_s) if left_s > 0 else None
