"""Whether a pack may come in force at this station: every check, in order, over files read once.

Runs in a process of its own, see gate_process; answers with a value, whatever comes in.
"""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from edge.barcodes.numbers import problems as number_problems
from edge.barcodes.numbers import rows_of
from edge.feeds.candidate import CandidateError, policy_files, read_candidate
from edge.feeds.judgement import GateAnswer, GateRequest
from edge.feeds.pack_folder import keep_pack, read_pack
from edge.feeds.pack_owners import clash_of
from edge.feeds.pack_seal import (
    MANIFEST,
    REHEARSAL,
    SHADOW,
    SIGNATURES,
    Manifest,
    SealError,
    ShadowRule,
    need_files,
    read_manifest,
    read_signatures,
    sha256_hex,
    verify,
)
from edge.feeds.reports import Rehearsed, ReportError, read_rehearsal, read_shadow
from edge.feeds.shadow_report import ShadowReport, shadow_report
from edge.journal.reader import Reader
from zoning.findings import Finding, PolicyParseError, Severity
from zoning.gate import prove
from zoning.gate.difference import more_generous
from zoning.gate.report import Proof
from zoning.model import ENGINE, GATE
from zoning.pack import Pack, load_pack

FINDINGS_MAX: Final = 20
ERROR_MAX: Final = 4000


class _RefusedError(Exception):
    def __init__(self, error: str, counterexample: Mapping[str, Any] | None = None) -> None:
        super().__init__(error)
        self.counterexample = counterexample


def judge(request: GateRequest) -> GateAnswer:
    """Return whether the candidate may come in force here and now."""
    judging = _Judging(request)
    try:
        return judging.signed() if request.signed else judging.unsigned()
    except (CandidateError, SealError, ReportError) as error:
        return judging.refused(str(error))
    except PolicyParseError as error:
        return judging.refused(told(error.findings))
    except OSError as error:
        return judging.refused(f"cannot be read: {error}")
    except _RefusedError as error:
        return judging.refused(str(error), error.counterexample)


def told(findings: tuple[Finding, ...]) -> str:
    """Return the findings that refuse a pack, one under the other."""
    errors = [str(one) for one in findings if one.severity is Severity.ERROR]
    more = [f"… and {len(errors) - FINDINGS_MAX} more"] if len(errors) > FINDINGS_MAX else []
    return "\n".join([*errors[:FINDINGS_MAX], *more])


def engine_number(engine: str = ENGINE) -> int:
    """Return the number of an engine's version, `zoning/<n>`."""
    return int(engine.rpartition("/")[2])


class _Judging:
    """One candidate under judgement; `_answer` holds what is known of it so far."""

    def __init__(self, request: GateRequest) -> None:
        self._request = request
        self._answer = GateAnswer(ok=False)
        self._files: dict[str, bytes] = {}

    def refused(self, error: str, counterexample: Mapping[str, Any] | None = None) -> GateAnswer:
        """Return the refusal with what is known of the candidate."""
        return replace(self._answer, error=error[:ERROR_MAX], counterexample=counterexample)

    def unsigned(self) -> GateAnswer:
        """Judge by the gate alone."""
        pack = self._loaded()
        self._proved(pack)
        return self._accepted()

    def signed(self) -> GateAnswer:
        """Judge by signatures, files, version, engine, gate, rehearsal and shadow, in order."""
        manifest = self._sealed()
        pack = self._loaded()
        _need_same(manifest, pack)
        self._need_own_goods(pack)
        active = self._active(pack)
        if active is not None and active.sha256 == pack.sha256:
            return replace(self._answer, ok=True, in_force=True)
        waits = manifest.effective_ms > self._request.now_ms
        if not waits and not (pack.terms.tenants and active and active.id != pack.id):
            _need_newer(manifest, active)
        _need_engine(manifest)
        proof = self._proved(pack)
        _need_proof(manifest, proof)
        if waits:
            return replace(self._answer, ok=True, waits=True)
        if manifest.emergency:
            _need_not_more_generous(pack, active)
        else:
            self._need_rehearsal(manifest, active)
            self._need_shadow(manifest, active)
        return self._accepted()

    def _sealed(self) -> Manifest:
        files = self._read()
        for name in (MANIFEST, SIGNATURES):
            if name not in files:
                raise SealError(f"not signed: there is no {name}")
        manifest = read_manifest(files[MANIFEST])
        self._answer = replace(
            self._answer,
            id=manifest.pack_id,
            version=manifest.version,
            sha256=manifest.content_sha256,
            author=manifest.author,
            approver=manifest.approver,
            rehearsal=manifest.rehearsal,
            effective_ms=manifest.effective_ms,
        )
        verify(manifest, read_signatures(files[SIGNATURES]), self._request.keys)
        need_files(manifest, policy_files(files))
        return manifest

    def _read(self) -> dict[str, bytes]:
        if not self._files:
            self._files = read_candidate(Path(self._request.candidate))
        return self._files

    def _loaded(self) -> Pack:
        pack = load_pack(policy_files(self._read()))
        self._answer = replace(self._answer, is_tenants=bool(pack.terms.tenants))
        if not self._answer.sha256:
            self._answer = replace(
                self._answer, id=pack.id, version=pack.version, sha256=pack.sha256
            )
        return pack

    def _active(self, pack: Pack) -> Pack | None:
        """Return what decides such goods now: its own former version, else the station's pack."""
        own = self._request.serving.get(pack.id) if pack.terms.tenants else None
        folder = own or self._request.active
        return load_pack(read_pack(Path(folder))) if folder else None

    def _need_own_goods(self, pack: Pack) -> None:
        if not pack.terms.tenants:
            return
        folders = self._request.serving.items()
        others = {name: load_pack(read_pack(Path(one))) for name, one in folders if name != pack.id}
        clash = clash_of(pack, others)
        if clash:
            raise _RefusedError(clash)

    def _proved(self, pack: Pack) -> Proof:
        cameras = self._request.cameras
        wrong = number_problems(rows_of(pack.terms))
        if wrong:
            raise _RefusedError("\n".join(wrong[:FINDINGS_MAX]))
        proof = prove(pack, None if cameras is None else frozenset(cameras))
        warnings = [str(one) for one in proof.findings if one.severity is Severity.WARNING]
        self._answer = replace(self._answer, warnings=tuple(warnings[:FINDINGS_MAX]))
        if not proof.is_good:
            shown = (f.item for f in proof.findings if f.severity is Severity.ERROR and f.item)
            raise _RefusedError(told(proof.findings), next(shown, None))
        return proof

    def _need_rehearsal(self, manifest: Manifest, active: Pack | None) -> None:
        base = active.sha256 if active else ""
        if manifest.rehearsal is None or REHEARSAL not in self._files:
            raise _RefusedError(f"not rehearsed: {REHEARSAL} is missing")
        content = self._files[REHEARSAL]
        if sha256_hex(content) != manifest.rehearsal.report_sha256:
            raise _RefusedError(f"{REHEARSAL}: changed after signing")
        need_rehearsed(manifest, read_rehearsal(content))
        if manifest.rehearsal.base_sha256 != base:
            raise _RefusedError(
                f"rehearsed against {manifest.rehearsal.base_sha256[:12]},"
                f" but {base[:12] or 'nothing'} is in force"
            )

    def _need_shadow(self, manifest: Manifest, active: Pack | None) -> None:
        if manifest.shadow is None or active is None:
            return
        own = self._own_shadow(manifest.content_sha256, active.sha256)
        problem = shadow_problem(own, manifest.shadow)
        if problem and manifest.shadow.report_sha256 is not None:
            problem = shadow_problem(self._attested(manifest, active), manifest.shadow)
        if problem:
            raise _RefusedError(f"shadow: {problem}")

    def _own_shadow(self, candidate: str, base: str) -> ShadowReport:
        with Reader(Path(self._request.journal)) as reader:
            bodies = reader.verdicts(reader.first_seq(), reader.last_seq())
            return shadow_report(bodies, candidate=candidate, base=base)

    def _attested(self, manifest: Manifest, active: Pack) -> ShadowReport:
        content = self._files.get(SHADOW, b"")
        assert manifest.shadow is not None, "the caller has looked"
        if sha256_hex(content) != manifest.shadow.report_sha256:
            raise _RefusedError(f"{SHADOW}: missing, or changed after signing")
        report = read_shadow(content)
        if (report.candidate, report.base) != (manifest.content_sha256, active.sha256):
            raise _RefusedError(f"{SHADOW}: is about other packs")
        return report

    def _accepted(self) -> GateAnswer:
        keep_pack(self._files, Path(self._request.staging))
        return replace(self._answer, ok=True)


def need_rehearsed(manifest: Manifest, report: Rehearsed) -> None:
    """Raise ReportError unless the manifest says of the rehearsal what its report says."""
    said = manifest.rehearsal
    assert said is not None, "the caller has looked"
    if report.candidate != manifest.content_sha256:
        raise ReportError(f"{REHEARSAL}: is about another pack, {report.candidate[:12]}")
    if (said.base_sha256, said.records, said.stations) != (
        report.base,
        report.records,
        report.stations,
    ):
        raise ReportError(f"{REHEARSAL}: does not say what the manifest says of it")


def shadow_problem(report: ShadowReport, rule: ShadowRule) -> str:
    """Return why a shadow does not meet its criteria, empty if it does."""
    if report.units < rule.min_units:
        return f"{report.units} units compared, {rule.min_units} are needed"
    if round(report.bound * 1000, 6) > rule.max_disagreement:
        shown = f"{report.differ} of {report.units} differ, at most {report.bound * 1000:.1f} ‰"
        return f"{shown} with 95 % confidence; {rule.max_disagreement} ‰ are allowed"
    return ""


def _need_same(manifest: Manifest, pack: Pack) -> None:
    if pack.sha256 != manifest.content_sha256:
        raise _RefusedError("the content is not what was signed")
    if (pack.id, pack.version) != (manifest.pack_id, manifest.version):
        raise _RefusedError(f"the pack says {pack.id} version {pack.version}")


def _need_newer(manifest: Manifest, active: Pack | None) -> None:
    if active is not None and manifest.version <= active.version:
        raise _RefusedError(
            f"version {manifest.version} is not above {active.version}, which is in force"
        )


def _need_engine(manifest: Manifest) -> None:
    own = engine_number()
    if manifest.engine_min > own:
        raise _RefusedError(f"needs engine {manifest.engine_min}, this station has {own}")


def _need_proof(manifest: Manifest, proof: Proof) -> None:
    if manifest.gate.version != GATE:
        raise _RefusedError(
            f"signed after gate {manifest.gate.version}, this station has {GATE}: sign it again"
        )
    if manifest.gate.proof_sha256 != proof.sha256:
        raise _RefusedError("this station proves something else than what was signed")


def _need_not_more_generous(pack: Pack, active: Pack | None) -> None:
    """Without rehearsal and shadow only what can harm nobody may come in force."""
    if active is None:
        raise _RefusedError("emergency: there is no pack in force to compare with")
    before, after = (
        {name: one.sha256 for name, one in which.checklists.items()} for which in (active, pack)
    )
    if before != after:
        raise _RefusedError("emergency: the checklists are changed")
    if active.terms != pack.terms:
        raise _RefusedError("emergency: the terms are changed")
    better = more_generous(active, pack)
    if better is not None:
        raise _RefusedError(f"emergency: more generous in {better}", better.item or None)
