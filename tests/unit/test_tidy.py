"""The house rules that no linter knows, held over the tree as it is."""

import ast
import configparser
import re
import statistics
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import pytest

from source_tree import (
    PACKAGES,
    ROOT,
    Function,
    below,
    calls,
    files,
    functions,
    imports,
    lines_of,
    modules,
    text,
    tree,
)

pytestmark = pytest.mark.timeout(180)  # whichever comes first parses the whole tree
FUNCTION_LINES_MAX: Final = 70
FILE_LINES_MAX: Final = 500
POSITIONAL_MAX: Final = 4
POSITIONAL_PRIVATE_MAX: Final = 6  # libraries decide how many a callback gets
DRAWERS: Final = frozenset({"utils.py", "util.py", "common.py", "base.py", "helpers.py", "misc.py"})
# A bug anywhere in a task of these must become a logged end, not a silent one.
BROAD_ALLOWED: Final = ("edge.service", "drivers.thread_bridge", "drivers.camera.worker")
TALKERS: Final = (
    "edge.cli",
    "edge.commands",
    "edge.service.root",  # the one line `ready`, for whoever started the service
    "drivers.camera.worker",
    "drivers.scanner.hid_reader",
    "edge.feeds.gate_process",
)
DATA_SUFFIXES: Final = frozenset({".png", ".jpg", ".jpeg", ".db", ".bin", ".mo", ".gz", ".zip"})
# Words of where this was written, never of the product. In two parts: this file is looked at too.
FOREIGN: Final = re.compile(
    "|".join(
        (
            r"/wo" r"rk/",
            r"/r" r"oot\b",
            r"py" r"pi\.org",
            r"python" r"hosted",
            r"\bshar" r"ed/",
            r"/tmp/pl" r"an",
            r"\bissue #?" r"\d",
            r"\bsub" r"agent",
            r"anth" r"ropic",
            r"\bcla" r"ude\b",
        )
    ),
    re.IGNORECASE,
)
FOREIGN_ALLOWED: Final = (Path(".ci/run"),)
UNDONE: Final = re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X)\b")


def contracts() -> configparser.ConfigParser:
    parser = configparser.ConfigParser()
    parser.read(ROOT / ".importlinter", encoding="utf-8")
    return parser


def words(section: str, key: str) -> frozenset[str]:
    return frozenset(contracts()[section][key].split())


PURE: Final = words("importlinter:contract:pure", "source_modules")
IMPURE: Final = words("importlinter:contract:pure", "forbidden_modules")


def told(places: Iterable[object]) -> str:
    return "\n".join(map(str, places))


def production() -> list[tuple[Path, Function]]:
    return [(path, one) for path in modules(*PACKAGES) for one in functions(path)]


def test_no_function_over_70_lines() -> None:
    long = [
        f"{path}:{one.lineno} {one.name}: {lines_of(one)} lines"
        for path in modules(*PACKAGES, "tests")
        for one in functions(path)
        if lines_of(one) > FUNCTION_LINES_MAX
    ]
    assert not long, told(long)


def test_most_functions_are_short() -> None:
    lines = sorted(lines_of(one) for _, one in production())
    assert statistics.median(lines) <= 8
    assert lines[len(lines) * 9 // 10] <= 25


def test_no_file_over_500_lines() -> None:
    long = {
        str(path): count
        for path in modules(*PACKAGES, "tests")
        if (count := text(path).count("\n")) > FILE_LINES_MAX
    }
    assert not long


def test_no_drawer_and_no_empty_module() -> None:
    drawers = [path for path in files() if path.name in DRAWERS]
    empty = [path for path in modules(*PACKAGES, "tests") if not tree(path).body]
    assert not drawers, told(drawers)
    assert not empty, told(empty)


def test_every_module_says_in_1_to_5_lines_what_it_is_for() -> None:
    wrong = [
        path
        for path in modules(*PACKAGES)
        if not 1 <= len((ast.get_docstring(tree(path)) or "").splitlines()) <= 5
    ]
    assert not wrong, told(wrong)


def test_nothing_is_left_undone() -> None:
    undone = [
        path
        for path in files()
        if path.parts[:2] != ("tests", "data") and path.suffix != ".lock"
        if UNDONE.search(text(path))
    ]
    assert not undone, told(undone)


# The parameters of a catalogue text are open by nature: each message names its own.
MESSAGES = ("edge/station/decision.py", "edge/terminal/pen.py")


def test_at_most_4_positional_parameters_and_no_open_keyword_arguments() -> None:
    wrong = [
        f"{path}:{one.lineno} {one.name}"
        for path, one in production()
        if positional(one) > limit(one)
        or (one.args.kwarg is not None and path.as_posix() not in MESSAGES)
    ]
    assert not wrong, told(wrong)


def limit(function: Function) -> int:
    is_private = function.name.startswith("_") and function.name != "__init__"
    return POSITIONAL_PRIVATE_MAX if is_private else POSITIONAL_MAX


def positional(function: Function) -> int:
    names = [one.arg for one in (*function.args.posonlyargs, *function.args.args)]
    return len(names) - (names[:1] in (["self"], ["cls"]))


def test_nothing_is_only_promised() -> None:
    promised = [path for path in modules(*PACKAGES) if "NotImplemented" in text(path)]
    assert not promised, told(promised)


def test_no_bare_except_no_swallowed_one_and_broad_ones_only_where_named() -> None:
    wrong = [
        f"{path}:{one.lineno}"
        for path in modules(*PACKAGES)
        for one in ast.walk(tree(path))
        if isinstance(one, ast.ExceptHandler) and is_wrong(path, one)
    ]
    assert not wrong, told(wrong)


def is_wrong(path: Path, one: ast.ExceptHandler) -> bool:
    caught = ast.unparse(one.type) if one.type else ""
    is_broad = re.search(r"\b(Base)?Exception\b", caught) is not None
    is_silent = len(one.body) == 1 and isinstance(one.body[0], ast.Pass)
    return not caught or is_silent or (is_broad and not below(path, *BROAD_ALLOWED))


def test_every_task_has_a_name() -> None:
    nameless = [
        f"{path}:{call.lineno}"
        for path in modules("edge", "drivers")
        for name, call in calls(tree(path))
        if name.endswith("create_task") and "name" not in {one.arg for one in call.keywords}
    ]
    assert not nameless, told(nameless)


def test_only_commands_and_child_programs_print() -> None:
    talk = [
        f"{path}:{call.lineno}"
        for path in modules("edge", "drivers", "zoning")
        if not below(path, *TALKERS)
        for name, call in calls(tree(path))
        if name in ("print", "sys.stdout.write", "sys.stderr.write")
    ]
    assert not talk, told(talk)


def test_pure_parts_open_nothing_and_ask_no_clock() -> None:
    forbidden = re.compile(
        r"(open|print|input|eval|exec|__import__)|.*\b(datetime|date)\.(now|utcnow|today)"
        r"|.*\.(read_text|read_bytes|write_text|write_bytes)"
    )
    wrong = [
        f"{path}:{call.lineno} {name}"
        for path in modules(*PACKAGES)
        if below(path, *PURE)
        for name, call in calls(tree(path))
        if forbidden.fullmatch(name)
    ]
    assert not wrong, told(wrong)


def test_the_pure_list_names_what_is_there() -> None:
    names = {
        ".".join(path.with_suffix("").parts).removesuffix(".__init__")
        for path in modules("edge", "drivers", "zoning")
    }
    assert names >= PURE


def test_every_part_that_touches_nothing_stands_in_the_pure_list() -> None:
    """A package or module right below edge or drivers that imports nothing impure is pure."""
    # errors and thin tables that other parts build on; they hold no rule that could go wrong
    known = {"edge", "edge.cli", "edge.metrics", "drivers", "drivers.errors", "drivers.registry"}
    parts: dict[str, bool] = {}
    for path in modules("edge", "drivers"):
        part = ".".join(path.with_suffix("").parts[:2]).removesuffix(".__init__")
        touches = any(name.partition(".")[0] in IMPURE for name in imports(path))
        ours = any(name.startswith(("edge.", "drivers.")) for name in imports(path)) and not all(
            below(Path(name.replace(".", "/")), *PURE)
            for name in imports(path)
            if name.startswith(("edge.", "drivers."))
        )
        parts[part] = parts.get(part, False) or touches or ours
    missing = {part for part, is_impure in parts.items() if not is_impure} - PURE - known
    assert not missing, told(sorted(missing))


def test_values_are_frozen_and_slotted() -> None:
    wrong = [
        f"{path}:{one.lineno} {one.name}"
        for path in modules("edge", "drivers", "zoning")
        if below(path, *PURE)
        for one in ast.walk(tree(path))
        if isinstance(one, ast.ClassDef) and not all(map(is_slotted, one.decorator_list))
    ]
    assert not wrong, told(wrong)


def is_slotted(decorator: ast.expr) -> bool:
    written = ast.unparse(decorator)
    return not written.startswith("dataclass") or "slots=True" in written


def test_no_word_of_where_this_was_written() -> None:
    found = [
        f"{path}:{text(path)[: match.start()].count(chr(10)) + 1} {match[0]}"
        for path in files()
        if path.suffix not in DATA_SUFFIXES and path not in FOREIGN_ALLOWED
        for match in FOREIGN.finditer(text(path))
    ]
    assert not found, told(found)


def test_test_files_have_names_of_their_own_and_no_packages() -> None:
    names = Counter(path.name for path in modules("tests"))
    assert not [name for name, count in names.items() if count > 1]
    assert "__init__.py" not in names


def test_every_test_asserts() -> None:
    silent = [
        f"{path}:{one.lineno} {one.name}"
        for path in modules("tests")
        if path.name.startswith("test_")
        for one in functions(path)
        if one.name.startswith("test_") and not has_assertion(one, path)
    ]
    assert not silent, told(silent)


def has_assertion(function: Function, path: Path) -> bool:
    """Return whether it asserts, expects an error, or calls something of the tests that asserts."""
    if any(isinstance(one, ast.Assert) for one in ast.walk(function)):
        return True
    called = {name.rpartition(".")[2] for name, _ in calls(function)}
    if called & {"raises", "fail"}:
        return True
    near = (path, *(one for one in modules("tests") if one.parts[1] == "support"))
    known = {one.name: one for other in near for one in functions(other)}
    return any(
        isinstance(node, ast.Assert)
        for name in called & known.keys()
        for node in ast.walk(known[name])
    )


def test_no_mocks() -> None:
    mocked = [path for path in modules("tests") if any("mock" in name for name in imports(path))]
    assert not mocked, told(mocked)


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-dev.lock"])
def test_lock_files_hold_hashes_and_no_address(name: str) -> None:
    lines = text(Path(name)).splitlines()
    pinned = [line for line in lines if line[:1].isalpha()]
    assert all("==" in line for line in pinned)
    assert sum("--hash=sha256:" in line for line in lines) >= len(pinned)
    assert not [line for line in lines if "://" in line]


def test_both_lock_files_agree() -> None:
    def pins(name: str) -> set[str]:
        lines = text(Path(name)).splitlines()
        return {line.removesuffix(" \\") for line in lines if line[:1].isalpha()}

    assert pins("requirements.lock") <= pins("requirements-dev.lock")
