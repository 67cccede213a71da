"""`receiving-edge policy approve PACK`: check what the author signed, then sign it as approver."""

import argparse
import sys
from dataclasses import replace
from pathlib import Path

from edge.commands.policy.keys import add_password, load_key
from edge.commands.policy.sign import write_beside
from edge.feeds.activation import need_rehearsed, told
from edge.feeds.candidate import CandidateError, policy_files, read_candidate
from edge.feeds.pack_seal import (
    MANIFEST,
    REHEARSAL,
    SIGNATURES,
    Manifest,
    SealError,
    need_files,
    read_manifest,
    read_signatures,
    sha256_hex,
    sign,
    verify,
    verify_author,
    write_manifest,
    write_signatures,
)
from edge.feeds.reports import ReportError, read_rehearsal
from edge.settings.load import SettingsError, load
from edge.settings.model import PolicyRole
from zoning.findings import PolicyParseError
from zoning.gate import prove
from zoning.model import GATE
from zoning.pack import load_pack


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's arguments."""
    parser.add_argument("pack", type=Path, metavar="PACK", help="the signed pack's folder")
    parser.add_argument("--key", type=Path, required=True, metavar="FILE")
    parser.add_argument("--approver", required=True, metavar="ID", help="as in policy_keys.toml")
    add_password(parser)
    parser.add_argument(
        "--config", type=Path, metavar="DIR", help="check both against its policy_keys.toml too"
    )


def run(args: argparse.Namespace) -> int:
    """Add the approver's signature; 1 when anything that the author signed does not hold."""
    try:
        return _approved(args)
    except PolicyParseError as error:
        print(told(error.findings), file=sys.stderr)
    except (OSError, SealError, ReportError, CandidateError, SettingsError) as error:
        print(error, file=sys.stderr)
    return 1


def _approved(args: argparse.Namespace) -> int:
    files = read_candidate(args.pack)
    if not {MANIFEST, SIGNATURES} <= files.keys():
        raise SealError("not signed: see `receiving-edge policy sign`")
    manifest, signatures = read_manifest(files[MANIFEST]), read_signatures(files[SIGNATURES])
    keys = None if args.config is None else load(args.config).policy_keys
    verify_author(manifest, signatures, keys)
    need_files(manifest, policy_files(files))
    _need_proved(manifest, policy_files(files))
    _need_rehearsed(manifest, files)
    if args.approver == manifest.author:
        raise SealError(f"author and approver are the same person, {manifest.author}")
    approved = replace(manifest, approver=args.approver)
    made = sign(approved, PolicyRole.APPROVER, load_key(args.key, args.password_file))
    if made.key == signatures.author.key:
        raise SealError("author and approver would sign with the same key")
    both = replace(signatures, approver=made)
    if keys is not None:
        verify(approved, both, keys)
    write_beside(args.pack / MANIFEST, write_manifest(approved))
    write_beside(args.pack / SIGNATURES, write_signatures(both))
    _tell(args, approved)
    return 0


def _need_proved(manifest: Manifest, files: dict[str, bytes]) -> None:
    pack = load_pack(files)
    if pack.sha256 != manifest.content_sha256:
        raise SealError("the content is not what was signed")
    proof = prove(pack)
    if manifest.gate.version != GATE or manifest.gate.proof_sha256 != proof.sha256:
        raise SealError(f"gate {GATE} proves something else than what was signed: sign it again")


def _need_rehearsed(manifest: Manifest, files: dict[str, bytes]) -> None:
    if manifest.emergency:
        return
    if manifest.rehearsal is None or REHEARSAL not in files:
        raise ReportError(f"not rehearsed: {REHEARSAL} is missing")
    if sha256_hex(files[REHEARSAL]) != manifest.rehearsal.report_sha256:
        raise ReportError(f"{REHEARSAL}: changed after signing")
    need_rehearsed(manifest, read_rehearsal(files[REHEARSAL]))


def _tell(args: argparse.Namespace, manifest: Manifest) -> None:
    print(f"{manifest.pack_id} version {manifest.version}, {manifest.content_sha256}")
    said = manifest.rehearsal
    if said is not None:
        print(f"rehearsed on {said.records} records of {said.stations} stations")
    print(f"author {manifest.author}, approver {manifest.approver}")
    print(f"now: receiving-edge policy activate {args.pack}")
