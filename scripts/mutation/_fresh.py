"""pytest plugin of scripts/mutate: few and always the same examples, no clock, no old pack.

Mutated code is many times slower. A pack that was loaded while tests were collected knows nothing
of the mutant: it is forgotten.
"""

import itertools
import json
import sys
import time
from functools import cache
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import HealthCheck, Phase, settings
from mutmut.mutation import trampoline

settings.register_profile(
    "mutation",
    max_examples=20,
    derandomize=True,
    database=None,
    deadline=None,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=tuple(HealthCheck),
)
settings.load_profile("mutation")
_ticks = itertools.count()
time.perf_counter = lambda: next(_ticks) / 1e6
# mutmut asks the environment at every call of a mutated function, which is half of the time.
trampoline.get_mutant_under_test = lambda: trampoline._mutant_under_test or ""  # noqa: SLF001


def pytest_make_parametrize_id(val: object) -> str | None:
    """Name bytes: where names are not escaped, pytest would join them as they are."""
    return ascii(val) if isinstance(val, bytes) else None


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item], config: pytest.Config) -> None:
    """Quick tests first: the first failure ends the run. Of a property's cases only the first."""
    seconds = _seconds()
    first = {_function(item): item for item in reversed(items)}
    kept = [item for item in items if not _is_property(item) or first[_function(item)] is item]
    config.hook.pytest_deselected(items=[item for item in items if item not in kept])
    items[:] = sorted(kept, key=lambda item: seconds.get(item.nodeid, 0.0))


@cache
def _seconds() -> dict[str, float]:
    """Return how long each test took while mutmut noted which test calls what."""
    stats = Path("mutmut-stats.json")
    text = stats.read_text(encoding="utf-8") if stats.exists() else "{}"
    return dict(json.loads(text).get("duration_by_test", {}))


def _is_property(item: pytest.Item) -> bool:
    return "property" in item.path.parts


def _function(item: pytest.Item) -> str:
    return item.nodeid.partition("[")[0]


def pytest_collection_finish(session: pytest.Session) -> None:
    """Forget what collecting has loaded, before a mutant is tested."""
    if not session.config.option.collectonly:
        _forget()


def pytest_runtest_setup() -> None:
    """While mutmut notes which test calls what, every test has to call it by itself."""
    if trampoline.get_mutant_under_test() == "stats":
        _forget()


def _forget() -> None:
    for module in [module for module in sys.modules.values() if _is_ours(module)]:
        for value in vars(module).values():
            if clear := getattr(value, "cache_clear", None):
                clear()


def _is_ours(module: ModuleType) -> bool:
    file = getattr(module, "__file__", None) or ""
    return "/mutants/tests/" in file or "/mutants/zoning/" in file
