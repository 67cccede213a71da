"""Self-tests of the station's scanners: taken in, and told when one is due again."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from edge.events import DeviceProven
from edge.feeds.proof_inbox import ProofInbox, kept_proofs
from edge.service.policy_desk import PolicyDesk
from edge.settings.model import DeviceClass, DeviceSettings, Settings
from edge.settings.proof import profile_sha256, selftest_days

DAY_MS: Final = 86_400_000


def proofs_at_start(settings: Settings, data: Path) -> Mapping[str, DeviceProven]:
    """Return what the station's scanners have proven before this start."""
    return kept_proofs(data, _names(settings))


def proof_inbox(settings: Settings, data: Path, desk: PolicyDesk) -> ProofInbox:
    """Return what takes new proofs from the inbox."""
    return ProofInbox(data, devices=frozenset(_names(settings)), commit=desk.commit)


def is_test_due(
    devices: Iterable[DeviceSettings], proven: Mapping[str, DeviceProven], now_ms: int
) -> bool:
    """Return whether a scanner that was proven once is so no more: its settings or time say so."""
    return any(
        (proof := proven.get(str(one.name))) is not None
        and (
            now_ms - proof.at_ms > selftest_days(one) * DAY_MS
            or proof.profile_sha256 != profile_sha256(one)
        )
        for one in devices
    )


def _names(settings: Settings) -> list[str]:
    scanners = (one for one in settings.devices if one.device_class is DeviceClass.SCANNER)
    return [str(one.name) for one in scanners]
