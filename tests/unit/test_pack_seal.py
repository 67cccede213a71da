"""Manifest and signatures: two persons, two keys, two roles, and not one byte changed after."""

import base64
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.cli import main
from edge.commands.policy.keys import load_key
from edge.events import RehearsalRef
from edge.feeds.pack_seal import (
    GateRef,
    Manifest,
    PrivateKey,
    SealError,
    ShadowRule,
    Signature,
    Signatures,
    digests,
    need_files,
    new_key,
    public_text,
    read_key,
    read_manifest,
    read_signatures,
    sign,
    verify,
    verify_author,
    write_manifest,
    write_signatures,
)
from edge.settings.model import PolicyKey, PolicyRole
from seal_kit import APPROVER, AUTHOR, BOTH, Office

ANNA, BORIS, EVE = (read_key(new_key(None)[0], None) for _ in range(3))
KEYS = (
    PolicyKey(person="anna", roles=AUTHOR, public=public_text(ANNA)),
    PolicyKey(person="boris", roles=APPROVER, public=public_text(BORIS)),
)
MANIFEST = Manifest(
    pack_id="default",
    version=2,
    content_sha256="c" * 64,
    files=digests({"pack.toml": b"a", "zone.csv": b"b"}),
    effective_from="2026-01-01T00:00:00.000Z",
    author="anna",
    approver="boris",
    gate=GateRef(version="gate/1", proof_sha256="d" * 64),
    engine_min=1,
    rehearsal=RehearsalRef(report_sha256="e" * 64, base_sha256="f" * 64, records=9, stations=1),
    shadow=ShadowRule(min_units=300, max_disagreement=10),
)


def seal(
    manifest: Manifest = MANIFEST, author: PrivateKey = ANNA, approver: PrivateKey = BORIS
) -> Signatures:
    return Signatures(
        author=sign(manifest, PolicyRole.AUTHOR, author),
        approver=sign(manifest, PolicyRole.APPROVER, approver),
    )


def test_a_pack_signed_by_two_is_good_and_survives_its_files() -> None:
    manifest = read_manifest(write_manifest(MANIFEST))
    signatures = read_signatures(write_signatures(seal()))
    assert (manifest, signatures) == (MANIFEST, seal())
    verify(manifest, signatures, KEYS)
    need_files(manifest, {"zone.csv": b"b", "pack.toml": b"a"})


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda m, s: (m, replace(s, approver=None)), "not approved"),
        (lambda m, s: (replace(m, approver=None), s), "not approved"),
        (lambda m, s: (replace(m, approver="carl"), s), "no key of this person"),
        (lambda m, s: (replace(m, author="boris"), s), "not this person's"),
        (lambda m, _: (m, seal(author=EVE)), "not this person's"),
        (lambda m, _: (m, seal(approver=EVE)), "not this person's"),
        (lambda m, s: (m, replace(s, author=s.approver)), "not this person's"),
        (lambda m, s: (replace(m, version=3), s), "signature of the author does not hold"),
        (
            lambda m, s: (m, replace(s, author=replace(s.author, signature="AAAA"))),
            "signature of the author does not hold",
        ),
        (
            lambda m, s: (m, replace(s, author=replace(s.author, signature="no base64"))),
            "signature of the author does not hold",
        ),
        (
            lambda m, s: (
                m,
                replace(s, approver=sign(replace(m, version=1), PolicyRole.APPROVER, BORIS)),
            ),
            "signature of the approver does not hold",
        ),
        (
            lambda m, s: (m, replace(s, approver=sign(m, PolicyRole.AUTHOR, BORIS))),
            "signature of the approver does not hold",
        ),
    ],
)
def test_whatever_is_not_as_signed_is_refused(
    change: Callable[[Manifest, Signatures], tuple[Manifest, Signatures]], reason: str
) -> None:
    manifest, signatures = change(MANIFEST, seal())
    with pytest.raises(SealError, match=reason):
        verify(manifest, signatures, KEYS)


def test_the_same_person_with_two_keys_cannot_do_both() -> None:
    keys = (KEYS[0], PolicyKey(person="anna", roles=BOTH, public=public_text(BORIS)))
    manifest = replace(MANIFEST, approver="anna")
    with pytest.raises(SealError, match="same person, anna"):
        verify(manifest, seal(manifest), keys)


def test_the_same_key_under_two_names_cannot_do_both() -> None:
    keys = (KEYS[0], PolicyKey(person="boris", roles=BOTH, public=public_text(ANNA)))
    with pytest.raises(SealError, match="same key"):
        verify(MANIFEST, seal(approver=ANNA), keys)


def test_a_key_signs_only_in_its_role() -> None:
    keys = (replace(KEYS[0], roles=APPROVER), KEYS[1])
    with pytest.raises(SealError, match="anna: may not sign as author"):
        verify(MANIFEST, seal(), keys)
    keys = (KEYS[0], replace(KEYS[1], roles=AUTHOR))
    with pytest.raises(SealError, match="boris: may not sign as approver"):
        verify(MANIFEST, seal(), keys)


def test_the_authors_signature_does_not_depend_on_who_approves() -> None:
    unapproved = replace(MANIFEST, approver=None)
    signatures = Signatures(author=sign(unapproved, PolicyRole.AUTHOR, ANNA))
    verify_author(MANIFEST, signatures, KEYS)
    verify_author(replace(MANIFEST, approver="carl"), signatures, None)
    with pytest.raises(SealError, match="author does not hold"):
        verify_author(replace(MANIFEST, emergency=True), signatures, None)


FIELDS = tuple(json.loads(write_manifest(MANIFEST)))


@given(field=st.sampled_from(FIELDS), at=st.integers(0, 2**20), by=st.integers(1, 255))
def test_no_byte_of_a_manifest_can_change(field: str, at: int, by: int) -> None:
    content = bytearray(write_manifest(MANIFEST))
    begin = content.index(f'"{field}"'.encode())
    place = begin + at % (len(content) - begin)
    content[place] ^= by
    with pytest.raises(SealError):
        verify(read_manifest(bytes(content)), seal(), KEYS)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"{}",
        b"[" * 100_000,
        write_manifest(MANIFEST) + b"\n",
        write_manifest(MANIFEST).replace(b'"author"', b'"author":"eve","author"'),
        write_manifest(MANIFEST).replace(b'"version":2', b'"version":true'),
        write_manifest(MANIFEST).replace(b'"version":2', b'"version":2.0'),
        write_manifest(MANIFEST).replace(b'"version":2', b'"version":2,"waiver":true'),
        write_manifest(MANIFEST).replace(b"manifest/1", b"manifest/2"),
        write_manifest(MANIFEST).replace(b".000Z", b".000+00:00"),
        write_manifest(MANIFEST).replace(b"anna", b"\xff"),
        write_manifest(MANIFEST).replace(b"anna", b"\\ud800"),
    ],
)
def test_a_manifest_has_one_form(content: bytes) -> None:
    with pytest.raises(SealError, match=r"manifest\.json"):
        read_manifest(content)


@pytest.mark.parametrize(
    ("files", "problem"),
    [
        ({"pack.toml": b"a"}, "zone.csv: signed, but not there"),
        ({"pack.toml": b"a", "zone.csv": b"b", "x.toml": b""}, "x.toml: there, but not signed"),
        ({"pack.toml": b"a", "zone.csv": b"b "}, "zone.csv: changed after signing"),
    ],
)
def test_the_signed_files_and_no_others(files: dict[str, bytes], problem: str) -> None:
    with pytest.raises(SealError, match=problem):
        need_files(MANIFEST, files)


def test_signatures_of_another_shape_are_refused() -> None:
    for content in (b"{}", b"null", b'{"author":[]}', b'{"author":{"key":1,"signature":""}}'):
        with pytest.raises(SealError, match=r"manifest\.sig"):
            read_signatures(content)
    other = write_signatures(seal()).replace(b"signatures/1", b"signatures/9")
    with pytest.raises(SealError, match="signatures/9"):
        read_signatures(other)


def test_a_key_that_is_no_point_is_no_reason_to_crash() -> None:
    for raw in (b"", b"\0" * 32, b"\xff" * 32, b"short"):
        key = "ed25519:" + base64.b64encode(raw).decode()
        bad = Signatures(author=Signature(key=key, signature=base64.b64encode(b"0" * 64).decode()))
        with pytest.raises(SealError, match="author does not hold"):
            verify_author(MANIFEST, bad, None)


# ---------------------------------------------------------------- key files


def test_a_new_key_is_private_and_its_public_line_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "anna.pem"
    assert main(["policy", "keys", "new", "--out", str(path)]) == 0
    line = capsys.readouterr().out.strip()
    assert path.stat().st_mode & 0o777 == 0o600
    assert line == f'public = "{public_text(read_key(path.read_bytes(), None))}"'
    PolicyKey(person="anna", roles=AUTHOR, public=line.removeprefix('public = "')[:-1])
    assert main(["policy", "keys", "new", "--out", str(path)]) == 1
    assert "never overwritten" in capsys.readouterr().err


def test_a_password_is_needed_and_must_fit(tmp_path: Path) -> None:
    password = tmp_path / "password"
    password.touch(mode=0o600)
    password.write_bytes(b"correct horse\nsecond line\n")
    path = tmp_path / "anna.pem"
    words = ["policy", "keys", "new", "--out", str(path), "--password-file", str(password)]
    assert main(words) == 0
    assert b"ENCRYPTED" in path.read_bytes()
    assert isinstance(read_key(path.read_bytes(), b"correct horse"), PrivateKey)
    for wrong in (None, b"wrong"):
        with pytest.raises(SealError, match="password does not fit"):
            read_key(path.read_bytes(), wrong)


def test_no_key_is_read_from_a_file_that_others_may_read(tmp_path: Path) -> None:
    office = Office.opened(tmp_path)
    assert public_text(load_key(office.anna.pem, None)) == office.anna.public
    office.anna.pem.chmod(0o640)
    with pytest.raises(SealError, match="nobody else may read it"):
        load_key(office.anna.pem, None)


def test_other_keys_than_ed25519_are_refused() -> None:
    for pem in (b"", b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"):
        with pytest.raises(SealError, match="cannot be read"):
            read_key(pem, None)
