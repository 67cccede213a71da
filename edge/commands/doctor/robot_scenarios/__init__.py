"""The conformance scenarios of a robot, R01 to R20, in the order in which they are played."""

from typing import Final

from edge.commands.doctor.robot_scenarios import breaks, instants, listening, measures, orders
from edge.commands.doctor.robot_scenarios.stage import Stage
from edge.commands.doctor.trial import Scenario

SCENARIOS: Final[tuple[Scenario[Stage], ...]] = (
    Scenario("R01", listening.connection, moves=False),
    Scenario("R03", listening.state_request, moves=False),
    Scenario("R04", listening.factsheet, moves=False),
    Scenario("R05", listening.instant_key, moves=False),
    Scenario("R06", orders.pick_and_drop),
    Scenario("R07", orders.same_order),
    Scenario("R08", orders.malformed),
    Scenario("R09", orders.far_start),
    Scenario("R10", orders.lower_update),
    Scenario("R11", orders.second_order),
    Scenario("R12", orders.horizon),
    Scenario("R13", instants.cancel_while_driving),
    Scenario("R14", instants.cancel_idle),
    Scenario("R15", instants.pause),
    Scenario("R16", orders.old_order),
    Scenario("R17", breaks.broker_restart),
    Scenario("R18", breaks.power_cycle),
    Scenario("R19", measures.loads),
    Scenario("R20", measures.accept_time),
    Scenario("R02", listening.schemas, moves=False),  # judges everything that was heard before
)
