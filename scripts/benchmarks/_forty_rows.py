"""The table of the zoning benchmark: 40 rows over the default pack's policy, and records of it."""

import random
from pathlib import Path
from typing import Final

from zoning.model import Facts, Grade, Kind, Members, Value
from zoning.pack import Pack, load_pack

PACK: Final = Path(__file__).resolve().parents[2] / "config" / "packs" / "default"
TABLE: Final = """\
#zoning-table/1 policy=returns-default version=1 hit=first
id,category,grade,flags,attrs,value,in_window,seal,>zone,>disposition,>refund,note_ru,note_en
R01,,,any:hazard_battery|hazard_chem|hazard_bio,,,,,hazmat,HAZMAT_HOLD,review,т,t
R02,batteries_hazmat,,any:sharp|liquid,,,,,hazmat,HAZMAT_HOLD,review,т,t
R03,,,any:wrong_item|empty_box|unknown_item|serial_mismatch|mark_mismatch,,,,,hold,HOLD_DISPUTE,blocked,т,t
R04,,,any:not_a_pair,,,,,hold,HOLD_DISPUTE,review,т,t
R05,,,any:wrong_variant|undeclared,,,,,hold,HOLD_UNANNOUNCED,review,т,t
R06,,,any:blind|over_qty,,,n,,hold,HOLD_UNANNOUNCED,blocked,т,t
R07,,,any:blind|over_qty,,,,,hold,HOLD_UNANNOUNCED,review,т,t
R08,,,any:serial_unreadable|serial_unverified,,,,,hold,HOLD_VERIFY,review,т,t
R09,,,any:recall,,,,,hold,HOLD_QUALITY,eligible,т,t
R10,,,any:suspect,,mid|high,,,hold,HOLD_QUALITY,review,т,t
R11,,,any:suspect,,,,,hold,HOLD_DISPUTE,review,т,t
R12,electronics|smartphones,,any:locked,,,,,hold,HOLD_UNLOCK,blocked,т,t
R13,,,any:locked,,,,,hold,HOLD_VERIFY,review,т,t
R14,,,any:tamper,,mid|high,,,hold,HOLD_DISPUTE,review,т,t
R15,,,any:tamper & any:missing_part|carrier_damage,,,,,hold,HOLD_DISPUTE,review,т,t
R16,,,any:wipe,,,,,repair,DATA_WIPE,eligible,т,t
R17,cosmetics,,any:hygiene_broken|expired,,,,,disposal,DESTROY,review,т,t
R18,apparel|footwear,A|B|C,any:hygiene_broken & none:used|unsafe,,,,,repair,REWORK,review,т,t
R19,,,any:hygiene_broken|unsafe|expired|code_used,,,,,disposal,DESTROY,review,т,t
R20,,,any:sharp,,,,,disposal,DESTROY,review,т,t
R21,large_appliances,A|B|C,any:rest_24h,any:cooler,,,,repair,REFURB,eligible,т,t
R22,,A|B|C,any:fix|test_later,any:data_bearing,,,,repair,REFURB,review,т,t
R23,,A|B|C,any:fix|test_later|rest_24h|missing_part,,,,,repair,REFURB,eligible,т,t
R24,,D,any:fix,,high,,,repair,REFURB,review,т,t
R25,,D,any:fix,none:battery,mid,,,repair,REFURB,review,т,t
R26,,A|B,any:remark|relabel_dg,,,,sealed,repair,REWORK,eligible,т,t
R27,,A|B|C,any:remark|relabel_dg|tape_terminal|clean,,,,,repair,REWORK,eligible,т,t
R28,,D,any:supplier_fault,,,,,hold,RTV,eligible,т,t
R29,,,any:non_returnable,,,n,,hold,HOLD_DISPUTE,blocked,т,t
R30,cosmetics|books,A,none:sealed,,,,opened|damaged,resale,BSTOCK,review,т,t
R31,toys,A,only:sealed|short_dated,,,,,resale,RESTOCK,eligible,т,t
R32,,A,empty,,,y,,resale,RESTOCK,eligible,т,t
R33,,A,,,>=200000,n,,resale,BSTOCK,review,т,t
R34,,A,all:sealed|short_dated,,,,,resale,BSTOCK,eligible,т,t
R35,,A,,,,,!missing,resale,RESTOCK,eligible,т,t
R36,,B,,,250000..1500000,,sealed|opened,resale,BSTOCK,eligible,т,t
R37,,B|C,,,<100000,,damaged|missing,disposal,RECYCLE,review,т,t
R38,,!D,,,,,,resale,BSTOCK,eligible,т,t
R39,,D,,,high,,,hold,HOLD_VALUE,review,т,t
R40,,D,,,,,,disposal,RECYCLE,review,т,t
"""


def forty_rows() -> Pack:
    """Return the default pack with the table of 40 rows."""
    files = {
        path.relative_to(PACK).as_posix(): path.read_bytes()
        for path in PACK.rglob("*")
        if path.is_file()
    }
    return load_pack({**files, "zone.csv": TABLE.encode()})


def distinct_records(pack: Pack, count: int) -> list[Facts]:
    """Return complete records, no two alike: other engines cannot say that a fact is absent."""
    rng = random.Random(20_260_401)  # noqa: S311 - records, not secrets
    found: dict[tuple[Value, ...], Facts] = {}
    while len(found) < count:
        values = _record(pack, rng)
        found[tuple(values.values())] = Facts(policy_sha256=pack.policy.sha256, values=values)
    return list(found.values())


def _record(pack: Pack, rng: random.Random) -> dict[str, Value]:
    """Draw one record: few flags as on a real bench, the grade as the axiom wants it."""
    domains = pack.policy.domains
    flags = frozenset(rng.sample(domains["flags"].values, rng.choice((0, 0, 0, 1, 1, 1, 2, 2, 3))))
    is_disputed = not flags.isdisjoint(pack.policy.ungraded_flags)
    values: dict[str, Value] = {
        "category": rng.choice(domains["category"].values),
        "grade": "ungraded" if is_disputed else rng.choice(tuple(Grade)).value,
        "flags": Members(present=flags),
        "attrs": Members(present=frozenset(rng.sample(domains["attrs"].values, rng.randint(0, 3)))),
        "value": rng.randint(0, 2_000_000),
    }
    for name, domain in domains.items():
        if domain.kind is Kind.BOOL:
            values[name] = rng.random() < 0.5
        elif name not in values and domain.kind is Kind.ENUM:
            values[name] = rng.choice(domain.values)
    return values
