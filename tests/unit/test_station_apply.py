"""The fold of the journal knows every kind of event."""

from typing import get_args

from edge.events import Payload
from edge.station.apply import FOLDED, WITHOUT_EFFECT


def test_every_kind_is_folded_or_said_to_have_no_effect() -> None:
    assert set(get_args(Payload)) == FOLDED | WITHOUT_EFFECT
    assert not FOLDED & WITHOUT_EFFECT
