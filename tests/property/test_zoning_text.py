"""Text of policies: canonical print reads back, and no bytes crash the loader."""

from hypothesis import given
from hypothesis import strategies as st

from policy_kit import default_pack, pack_files
from zoning.findings import Finding, PolicyParseError
from zoning.grammar import (
    All,
    Answered,
    Any,
    Expression,
    GrammarError,
    Has,
    Is,
    Not,
    OneOf,
    Test,
    Within,
    parse,
    show,
)
from zoning.model import Domain, Kind, Range
from zoning.pack import Pack, load_pack
from zoning.table import SetCell, read_cell, show_cell

NAMES = tuple(sorted(pack_files()))
SCOPE = {
    "grade": Domain(kind=Kind.ENUM, values=("A", "B", "C"), ordered=True),
    "in_window": Domain(kind=Kind.BOOL),
    "value": Domain(kind=Kind.INT, range=Range(low=-99, high=99)),
    "mass": Domain(kind=Kind.DECIMAL, range=Range(low=0, high=9999), precision=2),
    "flags": Domain(kind=Kind.SET, values=("wipe", "fix", "sharp")),
}


@st.composite
def ranges(draw: st.DrawFn) -> Range:
    low = draw(st.integers(-(10**6), 10**6))
    side = draw(st.sampled_from(("low", "high", "both")))
    high = low + draw(st.integers(0, 1000))
    return Range(low=None if side == "high" else low, high=None if side == "low" else high)


def ordered(values: tuple[str, ...], least: int) -> st.SearchStrategy[tuple[str, ...]]:
    chosen = st.sets(st.sampled_from(values), min_size=least)
    return chosen.map(lambda found: tuple(value for value in values if value in found))


ATOMS: st.SearchStrategy[Expression] = st.one_of(
    st.builds(OneOf, name=st.just("grade"), values=ordered(SCOPE["grade"].values, 1)),
    st.builds(Is, name=st.just("in_window"), value=st.booleans()),
    st.builds(Within, name=st.just("value"), range=ranges()),
    st.builds(Within, name=st.just("mass"), range=ranges(), precision=st.just(2)),
    st.builds(
        Has,
        name=st.just("flags"),
        test=st.sampled_from((Test.ANY, Test.ALL, Test.NONE)),
        members=ordered(SCOPE["flags"].values, 1),
    ),
    st.builds(
        Has,
        name=st.just("flags"),
        test=st.just(Test.IS),
        members=ordered(SCOPE["flags"].values, 0),
    ),
    st.builds(Answered, name=st.sampled_from(tuple(SCOPE))),
)


def _grown(inner: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
    several = st.lists(inner, min_size=2, max_size=3).map(tuple)
    return st.one_of(
        inner.map(lambda of: Not(of=of)),
        several.map(lambda of: All(of=of)),
        several.map(lambda of: Any(of=of)),
    )


@given(st.recursive(ATOMS, _grown, max_leaves=10))
def test_an_expression_reads_back_from_its_print(expression: Expression) -> None:
    assert parse(show(expression), SCOPE) == expression


@given(st.text(alphabet="()'=<>!.,{} -0159andorthsywipegrflue_", max_size=60))
def test_any_text_is_an_expression_or_refused(text: str) -> None:
    try:
        found = parse(text, SCOPE)
    except GrammarError as error:
        refusal = (error.ru, error.en)
    else:
        refusal = ("", "")
        assert parse(show(found), SCOPE) == found
    assert all(refusal) or not any(refusal)


@given(
    st.lists(
        st.tuples(
            st.sampled_from((Test.ANY, Test.ALL, Test.NONE, Test.ONLY)),
            ordered(SCOPE["flags"].values, 1),
        ),
        min_size=1,
        max_size=3,
    )
)
def test_a_set_cell_reads_back_from_its_print(tests: list[tuple[Test, tuple[str, ...]]]) -> None:
    cell = SetCell(tests=tuple(tests))
    assert read_cell(show_cell(cell, SCOPE["flags"]), SCOPE["flags"]) == cell


@given(st.sampled_from(NAMES), st.binary(max_size=200))
def test_random_bytes_are_refused_and_never_crash(name: str, content: bytes) -> None:
    assert _loaded({**pack_files(), name: content}) is None


@given(st.sampled_from(NAMES), st.data())
def test_a_mutated_file_loads_or_is_refused(name: str, data: st.DataObject) -> None:
    content = pack_files()[name]
    start = data.draw(st.integers(0, len(content) - 1))
    end = data.draw(st.integers(start, min(len(content), start + 40)))
    other = pack_files()[data.draw(st.sampled_from(NAMES))]
    at = data.draw(st.integers(0, len(other) - 1))
    insert = data.draw(st.one_of(st.binary(max_size=4), st.just(other[at : at + 30])))
    pack = _loaded({**pack_files(), name: content[:start] + insert + content[end:]})
    assert pack is None or pack.id == pack.id.strip()


@given(st.sampled_from(NAMES), st.data())
def test_a_value_of_another_type_loads_or_is_refused(name: str, data: st.DataObject) -> None:
    lines = pack_files()[name].decode().splitlines()
    at = data.draw(st.sampled_from([n for n, line in enumerate(lines) if "=" in line]))
    strange = (
        "1",
        "-1.5",
        "true",
        "[]",
        "{}",
        "[[1]]",
        "''",
        "1979-05-27",
        "[{}]",
        "nan",
        "{a={}}",
    )
    key = lines[at].partition("=")[0]
    lines[at] = f"{key}= {data.draw(st.sampled_from(strange))}"
    pack = _loaded({**pack_files(), name: "\n".join(lines).encode()})
    assert pack is None or pack.policy.id == default_pack().policy.id


def _loaded(files: dict[str, bytes]) -> Pack | None:
    """Load, or look at the findings of the refusal."""
    findings: tuple[Finding, ...] = ()
    try:
        return load_pack(files)
    except PolicyParseError as error:
        findings = error.findings
    assert findings
    assert all(item.line >= 1 and item.text["ru"] for item in findings)
    return None
