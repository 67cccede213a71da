"""Packs of one category with a few steps, written where a test needs them."""

from collections.abc import Mapping

from zoning import session
from zoning.findings import Finding
from zoning.gate.checklist_checks import check_checklists
from zoning.model import AnsweredBy, Static
from zoning.pack import Pack, load_pack
from zoning.session.walk import Run

T = '{ ru = "Т", en = "T" }'
MUGS = "checklists/mugs.toml"
POLICY = f"""
format = "policy/1"
id = "small"
version = 1
currency = "RUB"
settle = ["zone", "disposition", "refund", "move"]
grade = {{ ungraded_flags = ["other"] }}
domain.category = {{ kind = "enum", values = ["mugs"] }}
domain.grade = {{ kind = "enum", values = ["A", "B", "C", "D", "ungraded"], ordered = true }}
domain.flags = {{ kind = "set", values = ["leak", "other", "fix", "wipe", "note"] }}
domain.attrs = {{ kind = "set", values = ["battery", "cooler"] }}
domain.value = {{ kind = "int", min = 0, max = 9 }}
flag.leak = {{ hazard = true, label = {T} }}
flag.other = {{ label = {T} }}
flag.fix = {{ label = {T}, action = "MEND" }}
flag.wipe = {{ label = {T}, action = "WIPE" }}
flag.note = {{ label = {T} }}
disposition.STOCK = {{ zone = "resale", label = {T} }}
disposition.SECOND = {{ zone = "resale", label = {T} }}
disposition.MEND = {{ zone = "repair", label = {T} }}
disposition.WIPE = {{ zone = "repair", label = {T} }}
disposition.SCRAP = {{ zone = "disposal", label = {T} }}
disposition.HOLD = {{ zone = "hold", label = {T} }}
disposition.DANGER = {{ zone = "hazmat", label = {T} }}
"""
ROWS = """
R1,,any:leak,hazmat,DANGER,review
R2,,any:other,hold,HOLD,blocked
R3,,any:wipe,repair,WIPE,eligible
R4,A|B|C,any:fix,repair,MEND,eligible
R5,A,,resale,STOCK,eligible
R6,B|C,,resale,SECOND,eligible
R7,D,,disposal,SCRAP,review
"""
ORDER = 'zone_order = ["resale", "repair", "disposal"]'
MONOTONE = f"""
[[monotone]]
id = "M1"
column = "grade"
{ORDER}

[[monotone]]
id = "M2"
column = "flags"
{ORDER}
exempt = {{ wipe = "wiped before anything else" }}
"""


def option(name: str, *keys: str) -> str:
    """Return an option with further keys."""
    return "{ " + ", ".join([f'id = "{name}"', f"label = {T}", *keys]) + " }"


def step(name: str, *keys: str, options: tuple[str, ...] = ()) -> str:
    """Return a step; its type is select_one unless a key says otherwise."""
    listed = ["option = [\n  " + ",\n  ".join(options) + ",\n]"] if options else []
    return "\n[[step]]\n" + "\n".join([f'name = "{name}"', f"label = {T}", *keys, *listed]) + "\n"


def slot(name: str, *keys: str) -> str:
    """Return a photo slot; its camera has its name unless a key says otherwise."""
    camera = [] if any(key.startswith("camera") for key in keys) else [f'camera = "{name}"']
    return "\n".join([f"\n[slot.{name}]", f"label = {T}", *camera, *keys]) + "\n"


def files(
    *parts: str, rows: str = ROWS, policy: str = MONOTONE, head: str = "", columns: str = ""
) -> dict[str, bytes]:
    """Return the files of a pack whose mugs are asked these steps."""
    names = columns or "grade,flags"
    lines = "".join(f"{row},т,t\n" for row in rows.strip().splitlines())
    text = {
        "pack.toml": f'format = "pack/1"\nid = "small"\nversion = 1\ntitle = {T}\n{head}',
        "policy.toml": POLICY + policy,
        "reasons.toml": 'format = "reasons/1"\nversion = 1\n',
        "zone.csv": "#zoning-table/1 policy=small version=1 hit=first\n"
        f"id,{names},>zone,>disposition,>refund,note_ru,note_en\n{lines}",
        "checklists/unknown_item.toml": 'format = "checklist/1"\n'
        'id = "unknown_item"\nversion = 1\n',
        MUGS: 'format = "checklist/1"\nid = "mugs"\nversion = 1\n'
        'match = { category = ["mugs"], priority = 1 }\n' + "".join(parts),
    }
    return {name: content.encode() for name, content in text.items()}


def small(*parts: str, **given: str) -> Pack:
    """Return the pack of these files."""
    return load_pack(files(*parts, **given))


def mug(**given: object) -> Static:
    """Return the facts of a mug with everything known."""
    known: Mapping[str, object] = {"attrs": frozenset(), "value_minor": 1, "currency": "RUB"}
    return Static(category="mugs", **{**known, **given})  # type: ignore[arg-type]


def found(pack: Pack, *checks: str, cameras: frozenset[str] | None = None) -> list[Finding]:
    """Return what these checks say of a pack."""
    told = check_checklists(pack, cameras).checked.findings
    return [finding for finding in told if finding.check in checks]


def only(findings: list[Finding]) -> Finding:
    """Return the one finding there is."""
    assert len(findings) == 1, [str(finding) for finding in findings]
    return findings[0]


def replayed(pack: Pack, finding: Finding) -> Run:
    """Give the answers of a finding to a mug about which everything is known."""
    run = session.begin(pack, mug())
    for one in finding.path:
        run = session.answer(run, one.step, one.answer, AnsweredBy.AUTO)
    return run


def line_of(content: Mapping[str, bytes], name: str, text: str, nth: int = 1) -> int:
    """Return the line of a text in a file."""
    lines = enumerate(content[name].decode().splitlines(), start=1)
    return [at for at, line in lines if text in line][nth - 1]
