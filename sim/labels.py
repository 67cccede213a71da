"""Station labels as the simulated print shop makes them: badges, commands, trays, places."""

import hmac
from typing import Final

_ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
ZONE_DIGITS: Final = {"resale": 1, "repair": 2, "disposal": 3, "hold": 4, "hazmat": 5}
COMMANDS: Final = ("OK", "ACC", "BACK", "UNMARK", "HELP", "LINK", "MOVES", "MISS", "UNDO", "DANGER")


def signed(body: str, key: bytes) -> str:
    """Return the label's text: body and four characters that only the site key can make."""
    mac = hmac.digest(key, body.encode("ascii"), "sha256")
    return body + "-" + "".join(_ALPHABET[byte & 0x1F] for byte in mac[:4])


def badge(number: str, key: bytes) -> str:
    """Return a badge label."""
    return signed(f"RB-{number}", key)


def command(name: str, key: bytes) -> str:
    """Return a command label."""
    return signed(f"RX-{name}", key)


def tray(zone: str, name: str, key: bytes) -> str:
    """Return the label of a tray or container."""
    return signed(f"RT-{ZONE_DIGITS[zone]}-{name}", key)


def place(zone: str, name: str, key: bytes) -> str:
    """Return the label of a place in a zone."""
    return signed(f"RL-{ZONE_DIGITS[zone]}-{name}", key)


def training(body: str, key: bytes) -> str:
    """Return a label of the training course."""
    return signed(f"TR-{body}", key)
