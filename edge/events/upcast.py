"""Old events read as today's: for each kind whose schema changed, one pure step per version.

Stored bodies are never rewritten. A step gets `data` of version n and returns that of n + 1; it
looks nowhere else. Adding an optional field is no new version and needs no step.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

Step = Callable[[Mapping[str, Any]], Mapping[str, Any]]

# (kind, n) -> step to n + 1. Every schema is still its first.
STEPS: Final[Mapping[tuple[str, int], Step]] = {}


def upcast(
    kind: str, version: int, data: Mapping[str, Any], steps: Mapping[tuple[str, int], Step] = STEPS
) -> tuple[int, Mapping[str, Any]]:
    """Return the newest version there is a way to, and the data in its form."""
    while (step := steps.get((kind, version))) is not None:
        version, data = version + 1, step(data)
    return version, data
