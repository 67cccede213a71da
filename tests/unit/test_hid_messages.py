"""Lines between the keyboard reader and its client."""

import pytest

from drivers.protocols import (
    DeviceHealth,
    DeviceName,
    FaultKind,
    HealthState,
    Scan,
    ScanFault,
    ScanFlag,
    ScanSource,
    Symbology,
)
from drivers.wire.hid_keys import Caps, KeyEnd, KeyProfile
from drivers.wire.hid_messages import (
    LINE_BYTES_MAX,
    Beat,
    HidMatch,
    ReaderSetup,
    Told,
    decode,
    decode_setup,
    encode,
    encode_setup,
)

NAME = DeviceName("hand-1")
SCAN = Scan(
    scan_no=3,
    payload=bytes(range(256)) * 16,
    device=NAME,
    source=ScanSource.HID,
    first_ns=2**62,
    at_ns=2**62 + 1,
    gap_ns=2**61,
    aim_id="]d2",
    symbology=Symbology.GS1_DATAMATRIX,
    flags=frozenset({ScanFlag.GS_ALT, ScanFlag.CAPS}),
)
FAULT = ScanFault(
    scan_no=4,
    device=NAME,
    kind=FaultKind.OVERLONG,
    chars=5000,
    at_ns=7,
    source=ScanSource.HID,
    head=b"\x00\xff",
    digest="ab",
)


@pytest.mark.parametrize(
    "told",
    [SCAN, FAULT, DeviceHealth(device=NAME, state=HealthState.LOST, reason="busy"), Beat()],
    ids=["scan", "fault", "health", "beat"],
)
def test_what_is_told_is_read_back_from_one_short_line(told: Told) -> None:
    line = encode(told)
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    assert len(line) <= LINE_BYTES_MAX
    assert decode(line) == told


def test_a_setup_is_read_back() -> None:
    setup = ReaderSetup(
        name=NAME,
        match=HidMatch(by_path="pci-1", vendor=0x05E0, product=0x1200),
        profile=KeyProfile(end=KeyEnd.IDLE, accept=(8, 13), gs=("key:F8",), caps=Caps.IGNORE),
    )
    assert decode_setup(encode_setup(setup)) == setup


@pytest.mark.parametrize(
    "line",
    [b"hello\n", b"[]\n", b'{"is":"song"}\n', b'{"is":"scan"}\n', b'{"is":"health","state":"x"}\n'],
)
def test_a_line_of_another_shape_is_a_value_error(line: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        decode(line)


@pytest.mark.parametrize(
    "match", [{}, {"product": 5}, {"by_id": "/dev/input/by-id/x"}, {"by_path": "a/b"}]
)
def test_a_match_that_names_no_device_is_refused(match: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"^match: "):
        HidMatch(**match)  # type: ignore[arg-type]
