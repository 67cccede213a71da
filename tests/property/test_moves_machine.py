"""Whatever dies whenever: no load is picked twice, diverted twice, or lost without a word."""

from hypothesis import HealthCheck, settings

from moves_machine import MovesMachine

TestMoves = MovesMachine.TestCase
TestMoves.settings = settings(
    max_examples=12,
    stateful_step_count=10,
    deadline=None,
    suppress_health_check=(HealthCheck.too_slow,),
)
