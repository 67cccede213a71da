"""`receiving-edge policy sign PACK`: prove a pack, bind its rehearsal, sign it as its author."""

import argparse
import json
import sys
import time
from pathlib import Path

from edge.commands.policy.keys import add_password, load_key
from edge.events import RehearsalRef, utc_text
from edge.feeds.activation import engine_number, told
from edge.feeds.pack_folder import read_pack
from edge.feeds.pack_seal import (
    MANIFEST,
    REHEARSAL,
    SHADOW,
    SIGNATURES,
    GateRef,
    Manifest,
    SealError,
    ShadowRule,
    Signatures,
    digests,
    sha256_hex,
    sign,
    write_manifest,
    write_signatures,
)
from edge.feeds.reports import ReportError, read_rehearsal, read_shadow
from edge.settings.model import PolicyRole
from zoning.findings import PolicyParseError
from zoning.gate import prove
from zoning.model import GATE
from zoning.pack import Pack, load_pack


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's arguments."""
    parser.add_argument("pack", type=Path, metavar="PACK", help="the pack's folder")
    parser.add_argument("--key", type=Path, required=True, metavar="FILE")
    parser.add_argument("--author", required=True, metavar="ID", help="as in policy_keys.toml")
    add_password(parser)
    parser.add_argument("--rehearsal", type=Path, metavar="REPORT", help="of policy rehearse")
    parser.add_argument("--effective-from", metavar="TIME", help="UTC, 2026-12-01T06:00:00.000Z")
    parser.add_argument("--shadow-min-units", type=int, metavar="N")
    parser.add_argument("--shadow-max-permille", type=int, metavar="N")
    parser.add_argument(
        "--shadow-report", type=Path, metavar="FILE", help="policy shadow status --json, elsewhere"
    )
    parser.add_argument(
        "--emergency", action="store_true", help="no rehearsal: nowhere more generous, proved"
    )
    parser.add_argument("--json", action="store_true", help="print the manifest")


def run(args: argparse.Namespace) -> int:
    """Write manifest, report and the author's signature into the pack; 1 when it may not be."""
    try:
        return _signed(args)
    except PolicyParseError as error:
        print(told(error.findings), file=sys.stderr)
    except (OSError, SealError, ReportError, ValueError) as error:
        print(error, file=sys.stderr)
    return 1


def _signed(args: argparse.Namespace) -> int:
    files = read_pack(args.pack)
    pack = load_pack(files)
    proof = prove(pack)
    if not proof.is_good:
        print(told(proof.findings), file=sys.stderr)
        return 1
    reports = _reports(args)
    manifest = Manifest(
        pack_id=pack.id,
        version=pack.version,
        content_sha256=pack.sha256,
        files=digests(files),
        effective_from=args.effective_from or utc_text(int(time.time() * 1000)),
        author=args.author,
        gate=GateRef(version=GATE, proof_sha256=proof.sha256),
        engine_min=engine_number(),
        emergency=args.emergency,
        rehearsal=_rehearsal(pack, reports),
        shadow=_shadow(args, pack, reports),
    )
    made = sign(manifest, PolicyRole.AUTHOR, load_key(args.key, args.password_file))
    for name, content in reports.items():
        write_beside(args.pack / name, content)
    write_beside(args.pack / MANIFEST, write_manifest(manifest))
    write_beside(args.pack / SIGNATURES, write_signatures(Signatures(author=made)))
    _tell(args, manifest)
    return 0


def _reports(args: argparse.Namespace) -> dict[str, bytes]:
    given = {REHEARSAL: args.rehearsal, SHADOW: args.shadow_report}
    return {name: path.read_bytes() for name, path in given.items() if path is not None}


def _rehearsal(pack: Pack, reports: dict[str, bytes]) -> RehearsalRef | None:
    content = reports.get(REHEARSAL)
    if content is None:
        return None
    report = read_rehearsal(content)
    if report.candidate != pack.sha256:
        raise ReportError(f"the rehearsal is about another pack, {report.candidate[:12]}")
    return RehearsalRef(
        report_sha256=sha256_hex(content),
        base_sha256=report.base,
        records=report.records,
        stations=report.stations,
    )


def _shadow(args: argparse.Namespace, pack: Pack, reports: dict[str, bytes]) -> ShadowRule | None:
    units, permille = args.shadow_min_units, args.shadow_max_permille
    content = reports.get(SHADOW)
    if units is None and permille is None and content is None:
        return None
    if units is None or permille is None:
        raise SealError("a shadow needs both --shadow-min-units and --shadow-max-permille")
    if content is not None and read_shadow(content).candidate != pack.sha256:
        raise ReportError("the shadow's report is about another pack")
    return ShadowRule(
        min_units=units,
        max_disagreement=permille,
        report_sha256=sha256_hex(content) if content is not None else None,
    )


def write_beside(path: Path, content: bytes) -> None:
    """Write a file whole or not at all. Raises OSError."""
    beside = path.with_name(f".{path.name}.part")
    beside.write_bytes(content)
    beside.replace(path)


def _tell(args: argparse.Namespace, manifest: Manifest) -> None:
    if args.json:
        print(json.dumps(json.loads(write_manifest(manifest)), ensure_ascii=False))
        return
    print(f"{manifest.pack_id} version {manifest.version}, {manifest.content_sha256}")
    print(f"signed by {manifest.author}; now: receiving-edge policy approve {args.pack} …")
