"""G13: every unit is asked exactly one checklist, and every checklist is asked of some unit."""

from collections.abc import Iterator, Mapping

from zoning.checklist.values import Checklist
from zoning.encode.cnf import Cnf, Lit
from zoning.encode.statics import Statics, fitting, free_statics, selects
from zoning.findings import Finding, item_json
from zoning.gate.report import Checked
from zoning.gate.theory import checked, shrink, texts
from zoning.model import Static
from zoning.pack import Pack, attributes

POLICY = "policy.toml"


def check_selection(pack: Pack) -> Checked:
    """Return whether category, tenant and attributes always name one checklist of top priority."""
    with Cnf() as cnf:
        return checked("G13", "checklists", _findings(cnf, pack))


def _findings(cnf: Cnf, pack: Pack) -> Iterator[Finding]:
    statics = free_statics(cnf, pack)
    fits = {
        name: fitting(cnf, statics, checklist.match)
        for name, checklist in pack.checklists.items()
        if checklist.match is not None
    }
    column = pack.policy.domains.get("category")
    tied = set()
    for category in column.values if column is not None else ():
        for finding in _of_category(pack, statics, fits, category):
            tied |= set(finding.got.split(", "))
            yield finding
    for name, checklist in pack.checklists.items():
        if name not in tied and not cnf.solve(selects(cnf, pack, statics, name)):
            yield Finding(
                check="G13",
                file=checklist.file,
                line=checklist.match.line if checklist.match else checklist.line,
                text=texts("не достаётся ни одному товару", "is for no unit at all"),
                subject=name,
            )


def _of_category(
    pack: Pack, statics: Statics, fits: Mapping[str, Lit], category: str
) -> Iterator[Finding]:
    cnf, chosen = statics.cnf, statics.category.values[category]
    if _plain(statics, chosen, *(-lit for lit in fits.values())):
        yield Finding(
            check="G13",
            file=POLICY,
            line=1,
            text=texts(f"у категории {category} нет опроса", f"no checklist is for {category}"),
            subject=category,
            item=_item(pack, statics.read(pack.policy.currency)),
        )
    for first, second in _rivals(pack):
        above = [
            lit for name, lit in fits.items() if _priority(pack, name) > _priority(pack, first)
        ]
        both = cnf.conj((fits[first], fits[second], *(-lit for lit in above)))
        if _plain(statics, chosen, both):
            yield _tie(pack, statics, pack.checklists[second], first)


def _rivals(pack: Pack) -> Iterator[tuple[str, str]]:
    named = [name for name, checklist in pack.checklists.items() if checklist.match is not None]
    for at, second in enumerate(named):
        for first in named[:at]:
            if _priority(pack, first) == _priority(pack, second):
                yield first, second


def _priority(pack: Pack, name: str) -> int:
    match = pack.checklists[name].match
    return match.priority if match is not None else 0


def _tie(pack: Pack, statics: Statics, second: Checklist, first: str) -> Finding:
    assert second.match is not None, "it is a rival"
    return Finding(
        check="G13",
        file=second.file,
        line=second.match.line,
        text=texts(
            f"тот же товар и приоритет у {first}", f"same unit and same priority as {first}"
        ),
        subject=second.id,
        item=_item(pack, statics.read(pack.policy.currency)),
        got=f"{first}, {second.id}",
    )


def _plain(statics: Statics, *asked: Lit) -> bool:
    return shrink(statics.cnf, asked, statics.preferences())


def _item(pack: Pack, static: Static) -> dict[str, object]:
    given = {"category": static.category, "tenant": static.tenant}
    known = {name: value for name, value in given.items() if value is not None}
    return item_json({**known, "attrs": attributes(pack.policy, static)})
