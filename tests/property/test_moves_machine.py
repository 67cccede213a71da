"""Whatever dies whenever: no load is picked twice, diverted twice, or lost without a word."""

from hypothesis import HealthCheck, Phase, settings

from moves_machine import MovesMachine

TestMoves = MovesMachine.TestCase
TestMoves.settings = settings(
    max_examples=6,
    stateful_step_count=8,
    phases=(Phase.reuse, Phase.generate),  # to shrink: scripts/campaign moves
    deadline=None,
    suppress_health_check=(HealthCheck.too_slow,),
)
