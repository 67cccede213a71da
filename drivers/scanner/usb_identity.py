"""Which USB device a serial port is the end of, by what sysfs says. Opens no device."""

from pathlib import Path


def usb_id_of(port: Path, root: Path = Path("/")) -> str:
    """Return vendor:product:serial of the device behind a port, empty for a port that is none."""
    folder = root / "sys/class/tty" / port.resolve().name / "device"
    if not folder.exists():
        return ""
    for above in (folder.resolve(), *folder.resolve().parents):
        if (above / "idVendor").is_file():
            return ":".join(_said(above / name) for name in ("idVendor", "idProduct", "serial"))
    return ""


def _said(file: Path) -> str:
    try:
        return file.read_text("ascii", "replace").strip()
    except OSError:  # many devices have no serial number
        return ""
