"""The small condition language: parse with types, print canonically, evaluate with three values.

Refuses arithmetic, calls, loops and every name that its scope does not declare.
"""

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import NoReturn, TypeAlias

from zoning.model import Domain, Kind, Members, Range, Value

DEPTH_MAX = 16
ATOMS_MAX = 64


class Test(StrEnum):
    """How a set is tested against listed members. `only` = nothing but them, `is` = just these."""

    __test__ = False

    ANY = "any"
    ALL = "all"
    NONE = "none"
    ONLY = "only"
    IS = "is"


@dataclass(frozen=True, slots=True, kw_only=True)
class Constant:
    """true or false."""

    value: bool


TRUE = Constant(value=True)
FALSE = Constant(value=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Not:
    """Negation."""

    of: "Expression"


@dataclass(frozen=True, slots=True, kw_only=True)
class All:
    """Conjunction of two or more."""

    of: tuple["Expression", ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Any:
    """Disjunction of two or more."""

    of: tuple["Expression", ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OneOf:
    """An enum column holds one of these values, in declared order."""

    name: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Within:
    """A number column lies in a range; `precision` serves the print."""

    name: str
    range: Range
    precision: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Is:
    """A yes-no column holds this value."""

    name: str
    value: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Has:
    """A set column compared with members, in declared order."""

    name: str
    test: Test
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """A step was answered by somebody."""

    name: str


Atom: TypeAlias = OneOf | Within | Is | Has | Answered
Expression: TypeAlias = Constant | Not | All | Any | Atom
Scope: TypeAlias = Mapping[str, Domain]


class GrammarError(Exception):
    """An expression or range cannot be read: the reason in both languages."""

    def __init__(self, ru: str, en: str) -> None:
        super().__init__(en)
        self.ru = ru
        self.en = en


def parse(text: str, scope: Scope) -> Expression:
    """Return the typed expression. Raises GrammarError for syntax, types, names and limits."""
    parser = _Parser(text, scope)
    found = parser.disjunction(0)
    if parser.word:
        _refuse(f"лишнее: {parser.word}", f"{parser.word} is left over")
    return found


def names(expression: Expression) -> frozenset[str]:
    """Return the columns and steps an expression reads."""
    return frozenset(atom.name for atom in atoms(expression))


def atoms(expression: Expression) -> Iterator[Atom]:
    """Yield the tests of an expression from left to right."""
    match expression:
        case Constant():
            return
        case Not(of=inner):
            yield from atoms(inner)
        case All(of=parts) | Any(of=parts):
            for part in parts:
                yield from atoms(part)
        case _:
            yield expression


def truth(
    expression: Expression, values: Mapping[str, Value], answered: Collection[str] = ()
) -> bool | None:
    """Return true, false or None for unknown (Kleene). A name without a value is unknown."""
    match expression:
        case Constant(value=known):
            return known
        case Not(of=inner):
            found = truth(inner, values, answered)
            return None if found is None else not found
        case All(of=parts):
            return conjunction(truth(part, values, answered) for part in parts)
        case Any(of=parts):
            return _disjunction(truth(part, values, answered) for part in parts)
        case Answered(name=name):
            return name in answered
    value = values.get(expression.name)
    return None if value is None else _atom_truth(expression, value)


def conjunction(parts: Iterable[bool | None]) -> bool | None:
    """Return the Kleene AND: one false decides, else one unknown makes it unknown."""
    found: bool | None = True
    for part in parts:
        if part is False:
            return False
        found = None if part is None else found
    return found


def _disjunction(parts: Iterable[bool | None]) -> bool | None:
    found = conjunction(None if part is None else not part for part in parts)
    return None if found is None else not found


def _atom_truth(atom: OneOf | Within | Is | Has, value: Value) -> bool | None:
    match atom:
        case OneOf(values=values):
            return value in values
        case Within(range=limits):
            return isinstance(value, int) and value in limits
        case Is(value=wanted):
            return value is wanted
        case Has(test=test, members=members):
            return isinstance(value, Members) and has(test, members, value)


def has(test: Test, members: Iterable[str], value: Members) -> bool | None:
    """Test a partly known set against members; None when an unknown member decides."""
    listed = frozenset(members)
    if test is Test.ANY:
        return True if listed & value.present else None if listed & value.unknown else False
    if test is Test.NONE:
        return False if listed & value.present else None if listed & value.unknown else True
    if test is Test.ALL:
        left = listed - value.present
        return True if not left else None if left <= value.unknown else False
    if value.present - listed:
        return False
    only = None if value.unknown - listed else True
    return only if test is Test.ONLY else conjunction((only, has(Test.ALL, members, value)))


def show(expression: Expression) -> str:
    """Return the canonical text, which parses to the same expression."""
    match expression:
        case Constant(value=value):
            return "true" if value else "false"
        case Not(of=inner):
            return f"not {_bracketed(inner)}"
        case All(of=parts):
            return " and ".join(_bracketed(part) for part in parts)
        case Any(of=parts):
            return " or ".join(_bracketed(part) for part in parts)
    return _show_atom(expression)


def _bracketed(expression: Expression) -> str:
    text = show(expression)
    return f"({text})" if isinstance(expression, All | Any) else text


def _show_atom(atom: Atom) -> str:
    match atom:
        case OneOf(name=name, values=(single,)):
            return f"{name} = '{single}'"
        case OneOf(name=name, values=values):
            listed = ", ".join(f"'{value}'" for value in values)
            return f"{name} in {{{listed}}}"
        case Within(name=name, range=limits, precision=precision):
            return f"{name} {show_range(limits, precision, bound=' ', between='in ')}"
        case Is(name=name, value=value):
            return f"{name} = {'y' if value else 'n'}"
        case Has(name=name, test=Test.IS, members=members):
            return f"{name} = {{{', '.join(members)}}}"
        case Has(name=name, test=test, members=members):
            return f"{name} has {test}({', '.join(members)})"
        case Answered(name=name):
            return f"answered({name})"


def show_range(limits: Range, precision: int = 0, *, bound: str = "", between: str = "") -> str:
    """Return `>=low`, `<=high` or `low..high`."""
    low = "" if limits.low is None else show_number(limits.low, precision)
    high = "" if limits.high is None else show_number(limits.high, precision)
    if not high:
        return f">={bound}{low}"
    return f"{between}{low}..{high}" if low else f"<={bound}{high}"


def show_number(value: int, precision: int) -> str:
    """Return a scaled integer with its decimal point."""
    if precision == 0:
        return str(value)
    digits = str(abs(value)).rjust(precision + 1, "0")
    sign = "-" if value < 0 else ""
    return f"{sign}{digits[:-precision]}.{digits[-precision:]}"


_NUMBER = r"-?[0-9]{1,15}(?:\.[0-9]{1,4})?"
_RANGE = re.compile(
    rf"(?P<op>>=|<=|>|<)\s*(?P<bound>{_NUMBER})|(?P<low>{_NUMBER})\s*(?P<dots>\.\.<|\.\.)\s*(?P<high>{_NUMBER})"
)


def read_number(text: str, precision: int = 0) -> int:
    """Return a decimal text as a scaled integer. Raises GrammarError for too many places."""
    if not re.fullmatch(_NUMBER, text):
        _refuse(f"{text} не число", f"{text} is no number")
    whole, _, places = text.partition(".")
    if len(places) > precision:
        _refuse(f"{text}: знаков больше {precision}", f"{text}: more than {precision} places")
    return int(whole + places.ljust(precision, "0"))


def read_range(text: str, precision: int = 0) -> Range:
    """Return the range of `>=n >n <n <=n lo..hi lo..<hi`. Raises GrammarError."""
    found = _RANGE.fullmatch(text.strip())
    if found is None:
        _refuse(f"{text} не диапазон", f"{text} is no range")
    if found["op"]:
        return _half(found["op"], read_number(found["bound"], precision))
    low = read_number(found["low"], precision)
    high = read_number(found["high"], precision) - (found["dots"] == "..<")
    if low > high:
        _refuse(f"{text}: пустой диапазон", f"{text}: an empty range")
    return Range(low=low, high=high)


def _half(operator: str, bound: int) -> Range:
    match operator:
        case ">=":
            return Range(low=bound)
        case ">":
            return Range(low=bound + 1)
        case "<=":
            return Range(high=bound)
    return Range(high=bound - 1)


def _refuse(ru: str, en: str) -> NoReturn:
    raise GrammarError(ru, en)


_WORDS = re.compile(
    r"\s*(?:'[^']*'|[A-Za-z_][A-Za-z0-9_]*|"
    + rf"{_NUMBER}|\.\.<|\.\.|!=|<=|>=|[=<>(){{}},]|(?P<end>$)|(?P<bad>\S))"
)
_TEXT_MAX = 8192
_KEYWORDS = frozenset(("and", "or", "not", "true", "false", "in", "has", "answered"))


def _words(text: str) -> list[str]:
    if len(text) > _TEXT_MAX:
        _refuse(f"длиннее {_TEXT_MAX} знаков", f"longer than {_TEXT_MAX} characters")
    found = []
    for match in _WORDS.finditer(text):
        if match["bad"]:
            _refuse(f"лишний знак {match['bad']}", f"stray character {match['bad']}")
        found.append(match[0].strip())
    return [*filter(None, found), ""]


class _Parser:
    """Recursive descent over the words of one expression; types are checked on the way."""

    def __init__(self, text: str, scope: Scope) -> None:
        self._words = _words(text)
        self._at = 0
        self._atoms = 0
        self._scope = scope

    @property
    def word(self) -> str:
        """Return the word to be read next; empty at the end."""
        return self._words[self._at]

    def disjunction(self, depth: int) -> Expression:
        """Read `conj {"or" conj}`."""
        if depth > DEPTH_MAX:
            _refuse(f"вложенность больше {DEPTH_MAX}", f"nested deeper than {DEPTH_MAX}")
        parts = self._chain("or", lambda: self._conjunction(depth))
        return parts[0] if len(parts) == 1 else Any(of=parts)

    def _conjunction(self, depth: int) -> Expression:
        parts = self._chain("and", lambda: self._unary(depth))
        return parts[0] if len(parts) == 1 else All(of=parts)

    def _chain(self, joint: str, read: Callable[[], Expression]) -> tuple[Expression, ...]:
        parts = [read()]
        while self._skip(joint):
            parts.append(read())
        return tuple(parts)

    def _unary(self, depth: int) -> Expression:
        if depth > DEPTH_MAX:
            _refuse(f"вложенность больше {DEPTH_MAX}", f"nested deeper than {DEPTH_MAX}")
        if self._skip("not"):
            return Not(of=self._unary(depth + 1))
        if self._skip("("):
            inner = self.disjunction(depth + 1)
            self._need(")")
            return inner
        if self.word in ("true", "false"):
            return Constant(value=self._take() == "true")
        return self._atom()

    def _atom(self) -> Expression:
        self._atoms += 1
        if self._atoms > ATOMS_MAX:
            _refuse(f"условий больше {ATOMS_MAX}", f"more than {ATOMS_MAX} tests")
        if self._skip("answered"):
            self._need("(")
            name = self._name()
            self._need(")")
            return Answered(name=name)
        name = self._name()
        return self._test(name, self._scope[name])

    def _name(self) -> str:
        name = self._take()
        if name in _KEYWORDS or name not in self._scope:
            _refuse(f"неизвестное имя {name!r}", f"unknown name {name!r}")
        return name

    def _test(self, name: str, domain: Domain) -> Expression:
        operator = self._take()
        match domain.kind:
            case Kind.SET:
                return self._set_test(name, domain, operator)
            case Kind.BOOL:
                return self._bool_test(name, operator)
            case Kind.ENUM:
                return self._enum_test(name, domain, operator)
        return self._number_test(name, domain, operator)

    def _set_test(self, name: str, domain: Domain, operator: str) -> Expression:
        if operator == "=":
            self._need("{")
            return Has(name=name, test=Test.IS, members=self._list(domain.values, "}"))
        mode = self._take()
        if operator != "has" or mode not in ("any", "all", "none"):
            _refuse(
                f"{name}: нужно has any|all|none(…)", f"{name}: has any|all|none(…) is expected"
            )
        self._need("(")
        return Has(name=name, test=Test(mode), members=self._list(domain.values, ")"))

    def _bool_test(self, name: str, operator: str) -> Expression:
        literal = self._take()
        if operator not in ("=", "!=") or literal not in ("y", "n"):
            _refuse(f"{name}: нужно = y или = n", f"{name}: = y or = n is expected")
        return Is(name=name, value=(literal == "y") is (operator == "="))

    def _enum_test(self, name: str, domain: Domain, operator: str) -> Expression:
        if operator == "in":
            self._need("{")
            chosen = self._list(domain.values, "}", quoted=True)
            return OneOf(name=name, values=chosen)
        literal = self._literal(domain.values)
        if operator not in ("=", "!=") and not domain.ordered:
            _refuse(f"{name}: значения не упорядочены", f"{name}: its values have no order")
        at = domain.values.index(literal)
        chosen = tuple(v for i, v in enumerate(domain.values) if _compares(i, operator, at))
        return OneOf(name=name, values=chosen) if chosen else FALSE

    def _number_test(self, name: str, domain: Domain, operator: str) -> Expression:
        places = domain.precision
        if operator == "in":
            text = self._take() + self._take() + self._take()
            return Within(name=name, range=read_range(text, places), precision=places)
        if operator not in ("=", "!=", "<", "<=", ">", ">="):
            _refuse(f"{name}: нужно сравнение", f"{name}: a comparison is expected")
        number = read_number(self._take(), places)
        equal = operator in ("=", "!=")
        limits = Range(low=number, high=number) if equal else _half(operator, number)
        found = Within(name=name, range=limits, precision=places)
        return Not(of=found) if operator == "!=" else found

    def _literal(self, values: tuple[str, ...], *, quoted: bool = True) -> str:
        word = self._take()
        code = word[1:-1] if quoted and word.startswith("'") else word
        if quoted is not word.startswith("'") or code not in values:
            _refuse(f"{word} не из {' '.join(values)}", f"{word} is none of {' '.join(values)}")
        return code

    def _list(self, values: tuple[str, ...], end: str, *, quoted: bool = False) -> tuple[str, ...]:
        chosen = set()
        if quoted or end == ")" or self.word != end:
            chosen.add(self._literal(values, quoted=quoted))
        while self._skip(","):
            chosen.add(self._literal(values, quoted=quoted))
        self._need(end)
        return tuple(value for value in values if value in chosen)

    def _take(self) -> str:
        word = self.word
        if not word:
            _refuse("выражение обрывается", "the expression breaks off")
        self._at += 1
        return word

    def _skip(self, word: str) -> bool:
        if self.word != word:
            return False
        self._at += 1
        return True

    def _need(self, word: str) -> None:
        if not self._skip(word):
            got = self.word or "∅"
            _refuse(f"нужно {word}, есть {got}", f"{word} is expected, not {got}")


def _compares(left: int, operator: str, right: int) -> bool:
    match operator:
        case "=":
            return left == right
        case "!=":
            return left != right
        case "<":
            return left < right
        case "<=":
            return left <= right
        case ">":
            return left > right
        case ">=":
            return left >= right
    _refuse(f"неизвестное сравнение {operator}", f"unknown comparison {operator}")
