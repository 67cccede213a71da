"""A robot's word as evidence for the journal. Pure."""

from drivers.protocols import OrderStatus
from edge.events import MoveEvidence


def evidence_of(status: OrderStatus | None) -> MoveEvidence | None:
    """Return what a state showed about an order, None where there was none."""
    if status is None:
        return None
    instant = {key: str(value) for key, value in status.instant.items()}
    return MoveEvidence(
        last_node=status.last_node,
        last_node_seq=status.last_node_seq,
        actions={**instant, **status.actions},
        loads=status.loads,
        errors=status.errors,
    )
