"""Finding a keyboard scanner among everything that is plugged in, by names that last."""

import errno
from pathlib import Path

import pytest

from drivers.scanner.hid_search import StrayKeyboards, find_keyboard
from drivers.scanner.usb_identity import usb_id_of
from drivers.wire.hid_messages import HidMatch
from edge.commands.doctor.devices import keyboards
from edge.commands.doctor.lines import State

KEYBOARD = "1000000000007 ff9f207ac14057ff febeffdfffefffff fffffffffffffffe"
VOLUME_KEYS = "3f000301ff 0 0 483ffff17aff32d bfd4444600000000 1 130ff38b17c000 0"
LINK = "usb-A-event-kbd"
STRAY = '"{}" types but is not configured'


def make_node(root: Path, node: str, usb: str, *, serial: str = "", port: str = "1/input0") -> Path:
    """Lay a device node and what sysfs says of it into a tree."""
    path = root / "dev/input" / node
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    about = root / "sys/class/input" / node / "device"
    (about / "id").mkdir(parents=True)
    (about / "capabilities").mkdir()
    vendor, _, product = usb.partition(":")
    for name, text in (
        ("uniq", serial),
        ("id/vendor", vendor),
        ("id/product", product),
        ("phys", f"usb-0000:00:14.0-{port}"),
        ("capabilities/key", KEYBOARD),
    ):
        (about / name).write_text(text + "\n")
    return path


def link(root: Path, folder: str, name: str, node: Path) -> None:
    """Lay a link as udev makes it."""
    path = root / "dev/input" / folder / name
    path.parent.mkdir(exist_ok=True)
    path.symlink_to(node)


def test_a_keyboard_is_found_by_link_serial_and_usb_numbers(tmp_path: Path) -> None:
    one = make_node(tmp_path, "event3", "05e0:1200", serial="S1")
    two = make_node(tmp_path, "event4", "05e0:1200", serial="S2", port="2/input0")
    link(tmp_path, "by-id", LINK, one)
    assert find_keyboard(HidMatch(by_id=LINK), tmp_path) == one
    assert find_keyboard(HidMatch(serial="S2"), tmp_path) == two
    assert find_keyboard(HidMatch(vendor=0x05E0, serial="S1"), tmp_path) == one


def test_no_keyboard_and_several_are_told_apart(tmp_path: Path) -> None:
    link(tmp_path, "by-id", LINK, make_node(tmp_path, "event3", "05e0:1200"))
    make_node(tmp_path, "event4", "05e0:1200", port="2/input0")
    for nobody in (HidMatch(by_id="usb-B-event-kbd"), HidMatch(by_id=LINK, serial="S9")):
        with pytest.raises(FileNotFoundError):
            find_keyboard(nobody, tmp_path)
    with pytest.raises(OSError, match="several") as told:
        find_keyboard(HidMatch(vendor=0x05E0), tmp_path)
    assert told.value.errno == errno.ENOTUNIQ


def test_two_equal_scanners_need_their_ports(tmp_path: Path) -> None:
    """udev gives both one by-id name; the link is that of the one that came last."""
    one = make_node(tmp_path, "event3", "05e0:1200")
    two = make_node(tmp_path, "event4", "05e0:1200", port="2/input0")
    link(tmp_path, "by-id", LINK, two)
    link(tmp_path, "by-path", "port-1", one)
    link(tmp_path, "by-path", "port-2", two)
    with pytest.raises(OSError, match="by_path"):
        find_keyboard(HidMatch(by_id=LINK), tmp_path)
    assert find_keyboard(HidMatch(by_path="port-1"), tmp_path) == one
    assert find_keyboard(HidMatch(by_path="port-2", by_id=LINK), tmp_path) == two
    with pytest.raises(FileNotFoundError):
        find_keyboard(HidMatch(by_path="port-1", by_id=LINK), tmp_path)


def test_the_other_nodes_of_one_scanner_are_no_keyboards(tmp_path: Path) -> None:
    one = make_node(tmp_path, "event3", "05e0:1200")
    make_node(tmp_path, "event4", "05e0:1200", port="1/input1")
    keys = tmp_path / "sys/class/input/event4/device/capabilities/key"
    keys.write_text(VOLUME_KEYS)
    link(tmp_path, "by-id", LINK, one)
    assert find_keyboard(HidMatch(vendor=0x05E0, product=0x1200), tmp_path) == one
    assert find_keyboard(HidMatch(by_id=LINK), tmp_path) == one


def test_a_serial_port_is_known_by_the_device_behind_it(tmp_path: Path) -> None:
    usb = tmp_path / "sys/devices/usb1/1-1"
    (usb / "1-1:1.0/ttyACM0").mkdir(parents=True)
    for name, text in (("idVendor", "0c2e"), ("idProduct", "0b61"), ("serial", "13257B3FF2")):
        (usb / name).write_text(text + "\n")
    tty = tmp_path / "sys/class/tty/ttyACM0"
    tty.mkdir(parents=True)
    (tty / "device").symlink_to(usb / "1-1:1.0/ttyACM0")
    assert usb_id_of(Path("/dev/ttyACM0"), tmp_path) == "0c2e:0b61:13257B3FF2"
    (usb / "serial").unlink()
    assert usb_id_of(Path("/dev/ttyACM0"), tmp_path) == "0c2e:0b61:"
    assert usb_id_of(Path("/dev/pts/1"), tmp_path) == ""


def test_a_keyboard_that_no_scanner_means_is_named(tmp_path: Path) -> None:
    one = make_node(tmp_path, "event3", "05e0:1200", serial="S1")
    two = make_node(tmp_path, "event4", "1d57:ad03", port="2/input0")
    keys = make_node(tmp_path, "event5", "1d57:ad03", port="2/input1")
    (tmp_path / "sys/class/input/event5/device/capabilities/key").write_text(VOLUME_KEYS)
    for node, name in ((one, "ACME Imager"), (two, "Pad"), (keys, "Pad keys")):
        (tmp_path / "sys/class/input" / node.name / "device/name").write_text(f"{name}\n")
    link(tmp_path, "by-id", LINK, one)

    def strays(*matches: HidMatch) -> dict[str, str]:
        return StrayKeyboards(matches, tmp_path).names()

    assert strays() == {LINK: "ACME Imager", "event4": "Pad"}
    assert strays(HidMatch(serial="S1")) == {"event4": "Pad"}
    assert strays(HidMatch(by_id=LINK), HidMatch(vendor=0x1D57)) == {}
    (mine,) = keyboards([HidMatch(by_id=LINK)], tmp_path)
    assert (mine.state, mine.said) == (State.OK, STRAY.format("Pad") + ": the operator's own")
    first, second = keyboards([], tmp_path)
    assert (first.state, first.said) == (State.WARN, STRAY.format("ACME Imager"))
    assert LINK in first.cure
    assert (second.state, second.said) == (State.WARN, STRAY.format("Pad"))
