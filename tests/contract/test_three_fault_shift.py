"""The page of the shift with three faults is what the shift does."""

from pathlib import Path

from source_tree import text
from three_faults import page


def test_the_page_of_the_three_fault_shift_is_what_happens() -> None:
    told = page()
    assert told == text(Path("docs/three-fault-shift.md"))
    assert "Open moves at the end: 0." in told
    assert "moved twice: 0." in told
