"""Signed policy packs: a canonical manifest and two Ed25519 signatures, by author and approver.

Knows neither gate nor journal: what is signed is checked elsewhere.
"""

import base64
import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, TypeAlias, TypeVar

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from edge.events import RehearsalRef, canonical, parse_utc, utc_text
from edge.records import from_json, to_json
from edge.settings.model import PolicyKey, PolicyRole

MANIFEST: Final = "manifest.json"
SIGNATURES: Final = "manifest.sig"
REHEARSAL: Final = "rehearsal.json"
SHADOW: Final = "shadow.json"
MANIFEST_FORMAT: Final = "manifest/1"
SIGNATURES_FORMAT: Final = "signatures/1"
KEY_PREFIX: Final = "ed25519:"
Record = TypeVar("Record")
PrivateKey: TypeAlias = Ed25519PrivateKey
_BOUND: Final = b"receiving-edge policy pack, signed as "  # no signature counts for anything else


class SealError(Exception):
    """A manifest, signature or key that does not hold; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GateRef:
    """The gate that proved the pack and the hash of what it proved."""

    version: str
    proof_sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ShadowRule:
    """How many units a candidate must have decided in shadow, and its bound of disagreement.

    `max_disagreement` in permille. `report_sha256` = status of another station's shadow, in the
    pack as shadow.json, for a station that has too few units of its own.
    """

    min_units: int
    max_disagreement: int
    report_sha256: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What author and approver put their names to. Digests are SHA-256, hex; times UTC, ms."""

    format: str = MANIFEST_FORMAT
    pack_id: str
    version: int
    content_sha256: str
    files: Mapping[str, str]
    effective_from: str
    author: str
    gate: GateRef
    engine_min: int
    emergency: bool = False
    parent_sha256: str | None = None
    approver: str | None = None
    rehearsal: RehearsalRef | None = None
    shadow: ShadowRule | None = None

    def __post_init__(self) -> None:
        if self.format != MANIFEST_FORMAT:
            raise ValueError(f"format {self.format!r} is not {MANIFEST_FORMAT}")
        if isinstance(self.version, bool) or isinstance(self.engine_min, bool):
            raise ValueError("version and engine_min are numbers")
        if not isinstance(self.files, Mapping):
            raise ValueError("files: a digest for each path is expected")
        if utc_text(parse_utc(self.effective_from)) != self.effective_from:
            raise ValueError("effective_from: UTC with milliseconds and Z is expected")
        write_manifest(self)

    @property
    def effective_ms(self) -> int:
        """Return the time from which the pack may be in force, ms since the epoch."""
        return parse_utc(self.effective_from)


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """One signature and the public key it was made with."""

    key: str
    signature: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Signatures:
    """The content of manifest.sig."""

    author: Signature
    approver: Signature | None = None
    format: str = SIGNATURES_FORMAT

    def __post_init__(self) -> None:
        if self.format != SIGNATURES_FORMAT:
            raise ValueError(f"format {self.format!r} is not {SIGNATURES_FORMAT}")


# ---------------------------------------------------------------- files of a pack


def write_manifest(manifest: Manifest) -> bytes:
    """Return the canonical bytes (RFC 8785)."""
    return canonical(to_json(manifest))


def read_manifest(content: bytes) -> Manifest:
    """Return the manifest. Raises SealError unless the bytes are canonical and complete."""
    manifest = _read(Manifest, MANIFEST, content)
    if write_manifest(manifest) != content:
        raise SealError(f"{MANIFEST}: not in canonical form, or with unknown keys")
    return manifest


def write_signatures(signatures: Signatures) -> bytes:
    """Return the canonical bytes (RFC 8785)."""
    return canonical(to_json(signatures))


def read_signatures(content: bytes) -> Signatures:
    """Return the signatures. Raises SealError for another shape."""
    return _read(Signatures, SIGNATURES, content)


def digests(files: Mapping[str, bytes]) -> dict[str, str]:
    """Return the SHA-256 of each file, hex."""
    return {name: sha256_hex(content) for name, content in sorted(files.items())}


def sha256_hex(content: bytes) -> str:
    """Return the SHA-256, hex."""
    return hashlib.sha256(content).hexdigest()


def need_files(manifest: Manifest, files: Mapping[str, bytes]) -> None:
    """Raise SealError unless exactly the signed files are there with the signed content."""
    found = digests(files)
    for name in sorted(manifest.files.keys() | found.keys()):
        if name not in found:
            raise SealError(f"{name}: signed, but not there")
        if name not in manifest.files:
            raise SealError(f"{name}: there, but not signed")
        if found[name] != manifest.files[name]:
            raise SealError(f"{name}: changed after signing")


def _read(kind: type[Record], name: str, content: bytes) -> Record:
    try:
        value: Any = json.loads(content)
        if not isinstance(value, dict):
            raise SealError(f"{name}: an object is expected")
        return from_json(kind, value)
    except (ValueError, RecursionError) as error:
        raise SealError(f"{name}: cannot be read: {error}") from error


# ---------------------------------------------------------------- signatures


def sign(manifest: Manifest, role: PolicyRole, key: PrivateKey) -> Signature:
    """Return a signature. The author's covers everything but the approver's name."""
    made = key.sign(_signed(manifest, role))
    return Signature(key=public_text(key), signature=base64.b64encode(made).decode("ascii"))


def verify(manifest: Manifest, signatures: Signatures, keys: Iterable[PolicyKey]) -> None:
    """Raise SealError unless two persons signed, each with an own key and in an own role."""
    known = tuple(keys)
    verify_author(manifest, signatures, known)
    if manifest.approver is None or signatures.approver is None:
        raise SealError("not approved: see `receiving-edge policy approve`")
    _need_signature(manifest, PolicyRole.APPROVER, signatures.approver, known)
    if manifest.approver == manifest.author:
        raise SealError(f"author and approver are the same person, {manifest.author}")
    if signatures.approver.key == signatures.author.key:
        raise SealError("author and approver signed with the same key")


def verify_author(
    manifest: Manifest, signatures: Signatures, keys: Iterable[PolicyKey] | None
) -> None:
    """Raise SealError unless the author's signature holds.

    With `keys` None the key is taken as it stands there: who it belongs to is not looked at.
    """
    if keys is None:
        _need_valid(manifest, PolicyRole.AUTHOR, signatures.author)
    else:
        _need_signature(manifest, PolicyRole.AUTHOR, signatures.author, keys)


def _need_signature(
    manifest: Manifest, role: PolicyRole, made: Signature, keys: Iterable[PolicyKey]
) -> None:
    person = manifest.author if role is PolicyRole.AUTHOR else manifest.approver
    own = [key for key in keys if key.person == person]
    if not own:
        raise SealError(f"{role} {person}: no key of this person is configured")
    fitting = [key for key in own if key.public == made.key]
    if not fitting:
        raise SealError(f"{role} {person}: signed with a key that is not this person's")
    if not any(role in key.roles for key in fitting):
        raise SealError(f"{role} {person}: may not sign as {role}")
    _need_valid(manifest, role, made)


def _need_valid(manifest: Manifest, role: PolicyRole, made: Signature) -> None:
    try:
        raw = base64.b64decode(made.key.removeprefix(KEY_PREFIX), validate=True)
        signature = base64.b64decode(made.signature, validate=True)
        Ed25519PublicKey.from_public_bytes(raw).verify(signature, _signed(manifest, role))
    except (ValueError, InvalidSignature) as error:
        raise SealError(f"the signature of the {role} does not hold") from error


def _signed(manifest: Manifest, role: PolicyRole) -> bytes:
    """The role stands in front, so that no signature can serve in the other role."""
    covered = manifest if role is PolicyRole.APPROVER else replace(manifest, approver=None)
    return _BOUND + role.value.encode("ascii") + b"\n" + write_manifest(covered)


# ---------------------------------------------------------------- keys


def new_key(password: bytes | None) -> tuple[bytes, str]:
    """Return a new private key as PKCS#8 PEM, encrypted if there is a password, and its public."""
    key = Ed25519PrivateKey.generate()
    how: serialization.KeySerializationEncryption = (
        serialization.BestAvailableEncryption(password)
        if password
        else serialization.NoEncryption()
    )
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, how)
    return pem, public_text(key)


def read_key(pem: bytes, password: bytes | None) -> PrivateKey:
    """Return the private key. Raises SealError, never with a part of the key in its message."""
    try:
        key = serialization.load_pem_private_key(pem, password)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise SealError("the key cannot be read: no PEM, or the password does not fit") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise SealError("the key is no Ed25519 key")
    return key


def public_text(key: PrivateKey) -> str:
    """Return the public half as it stands in policy_keys.toml."""
    raw = key.public_key().public_bytes_raw()
    return KEY_PREFIX + base64.b64encode(raw).decode("ascii")
