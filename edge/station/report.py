"""F5 at the end of a shift: its figures on paper, where the station has a printer."""

from typing import Final

from edge.events import DeviceCommand
from edge.station.decision import Context, Decision, Screen, noted, on_station
from edge.station.inputs import PrintInput
from edge.station.numbers import PRINTER
from edge.views import Severity

REPORT: Final = "report"


def ordered(screen: Screen, context: Context) -> Decision:
    """Order the report; what becomes of it is told on the feedback line."""
    if not context.lpn.printer:
        return Decision(screen=noted(screen, Severity.WARN, "fb.report_failed"))
    order = DeviceCommand(device=PRINTER, command=REPORT, reason="operator")
    shown = noted(screen, Severity.INFO, "fb.report_printing")
    return Decision(screen=shown, drafts=(on_station(order),))


def printed(screen: Screen, given: PrintInput) -> Decision:
    """Say whether the report came out; a report that did not is no trouble of the work."""
    if given.is_sent:
        return Decision(screen=noted(screen, Severity.OK, "fb.report_printed"))
    return Decision(screen=noted(screen, Severity.WARN, "fb.report_failed"))
