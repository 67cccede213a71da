"""The conformance scenarios of a PLC, C01 to C15, in the order in which they are played."""

from typing import Final

from edge.commands.doctor.conveyor_scenarios import breaks, commands, measures, watching
from edge.commands.doctor.conveyor_scenarios.stage import Stage
from edge.commands.doctor.trial import Scenario

SCENARIOS: Final[tuple[Scenario[Stage], ...]] = (
    Scenario("C01", watching.registers, moves=False),
    Scenario("C02", watching.heartbeat, moves=False),
    Scenario("C03", commands.each_lane),
    Scenario("C04", commands.same_number),
    Scenario("C05", commands.bad_lane),
    Scenario("C06", commands.busy),
    Scenario("C07", watching.trespass, moves=False),
    Scenario("C08", breaks.silent_host),
    Scenario("C09", breaks.refused_until_start),
    Scenario("C10", breaks.restart),
    Scenario("C11", breaks.fault),
    Scenario("C12", commands.unheard),
    Scenario("C13", commands.late_reply),
    Scenario("C14", commands.wrap),
    Scenario("C15", measures.echo_time),
)
