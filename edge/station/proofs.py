"""Whether a scanner has shown that it keeps every byte, as it is configured and plugged in now."""

from edge.station.inputs import ScanInput
from edge.station.state import State


def is_proven(state: State, given: ScanInput) -> bool:
    """Return whether the reader of this code passed its self-test in this profile, as this device.

    A device without a USB identity is known by its name alone.
    """
    proof = state.proven.get(str(given.scan.device))
    if proof is None or not given.profile:
        return False
    return proof.profile_sha256 == given.profile and (proof.usb_id or "") == given.usb_id
