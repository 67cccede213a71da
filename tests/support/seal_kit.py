"""Policy packs on the way into a station: candidates, key files, reports, signed folders, zips."""

import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from edge.cli import main
from edge.feeds.pack_seal import new_key, read_key
from edge.settings.model import PolicyKey, PolicyRole
from policy_kit import pack_files
from zoning.pack import Pack, load_pack
from zoning.replay.report import Question, make_report
from zoning.replay.tally import Tally

AUTHOR, APPROVER = frozenset({PolicyRole.AUTHOR}), frozenset({PolicyRole.APPROVER})
BOTH = AUTHOR | APPROVER
PAST = "2026-01-01T00:00:00.000Z"
# Marked-down stock: the money waits for a person. Nowhere more generous, and it passes the gate.
STRICTER = ("zone.csv", "BSTOCK,eligible,", "BSTOCK,review,")
# A valuable broken thing is mended in place of waiting: better for somebody, and it passes too.
GENTLER = ("zone.csv", "R16,D,,high,hold,HOLD_VALUE,", "R16,D,,high,repair,REFURB,")
# Grade C without a flag has no row any more: the gate refuses it.
GAP = ("zone.csv", "R14,B|C,,,", "R14,B,,,")


def candidate(version: int, *edits: tuple[str, str, str]) -> dict[str, bytes]:
    """Return the default pack's files as another version, with texts replaced in files."""
    files = dict(pack_files())
    numbered = ("pack.toml", "version = 1", f"version = {version}")
    for name, old, new in (numbered, *edits):
        text = files[name].decode()
        assert old in text, f"{name} does not hold {old!r}"
        files[name] = text.replace(old, new, 1).encode()
    return files


def write_files(folder: Path, files: Mapping[str, bytes]) -> Path:
    """Write files into a folder and return it."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder


def write_zip(path: Path, files: Mapping[str, bytes], top: str = "") -> Path:
    """Write files into a .zip, under a top folder if there is one, and return it."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(top + name, content)
    return path


def files_in(folder: Path) -> dict[str, bytes]:
    """Return every file of a folder by relative path."""
    paths = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}


@dataclass(frozen=True, slots=True, kw_only=True)
class Signer:
    """A person with a key file."""

    person: str
    pem: Path
    public: str

    def key(self, roles: frozenset[PolicyRole]) -> PolicyKey:
        """Return this person's row of policy_keys.toml."""
        return PolicyKey(person=self.person, roles=roles, public=self.public)


def signer(folder: Path, person: str) -> Signer:
    """Make a key file, mode 0600."""
    pem, public = new_key(None)
    path = folder / f"{person}.pem"
    path.touch(mode=0o600)
    path.write_bytes(pem)
    assert read_key(pem, None)
    return Signer(person=person, pem=path, public=public)


@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    """Who may sign at a site: Anna writes, Boris approves."""

    folder: Path
    anna: Signer
    boris: Signer

    @classmethod
    def opened(cls, folder: Path) -> "Office":
        """Make two key files in a folder."""
        folder.mkdir(parents=True, exist_ok=True)
        return cls(folder=folder, anna=signer(folder, "anna"), boris=signer(folder, "boris"))

    @property
    def keys(self) -> tuple[PolicyKey, ...]:
        """Return what stands in policy_keys.toml."""
        return (self.anna.key(AUTHOR), self.boris.key(APPROVER))

    def configure(self, config: Path) -> None:
        """Write policy_keys.toml into a configuration."""
        rows = (
            f'[[key]]\nperson = "{one.person}"\nroles = ["{role}"]\npublic = "{one.public}"\n'
            for one, role in ((self.anna, "author"), (self.boris, "approver"))
        )
        (config / "policy_keys.toml").write_text("".join(rows), encoding="utf-8")

    def written(self, name: str, files: Mapping[str, bytes]) -> Path:
        """Write a pack's folder."""
        return write_files(self.folder / name, files)

    def report(self, files: Mapping[str, bytes], base: Pack) -> Path:
        """Write the report of a rehearsal, over no record, of a pack against a base."""
        new = load_pack(files)
        question = Question(new=new, base=base, level=1)
        path = self.folder / f"{new.sha256[:12]}-{base.sha256[:12]}.json"
        path.write_bytes(make_report(Tally(), question, ()).canonical)
        return path

    def signed(self, name: str, files: Mapping[str, bytes], *more: str) -> Path:
        """Write a pack and sign it as Anna, by the verb."""
        pack = self.written(name, files)
        words = ["policy", "sign", str(pack), "--author", "anna", "--key", str(self.anna.pem)]
        assert main([*words, "--effective-from", PAST, *more]) == 0
        return pack

    def sealed(self, name: str, files: Mapping[str, bytes], base: Pack, *more: str) -> Path:
        """Write a pack, rehearse it, sign it as Anna and approve it as Boris, by the verbs.

        One that was sealed under this name before is taken as it lies there.
        """
        if (self.folder / name).exists():
            return self.folder / name
        report = self.report(files, base)
        return self.approved(self.signed(name, files, "--rehearsal", str(report), *more))

    def approved(self, pack: Path) -> Path:
        """Approve a signed pack as Boris, by the verb."""
        words = ["policy", "approve", str(pack), "--approver", "boris"]
        assert main([*words, "--key", str(self.boris.pem)]) == 0
        return pack
