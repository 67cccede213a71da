"""`receiving-edge people pin`: the hash of a PIN, for people.toml. The digits are kept nowhere."""

import argparse
import getpass
import secrets
import sys

from edge import pins


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("what", choices=("pin",), help="ask for a PIN and print its line")


def run(_: argparse.Namespace) -> int:
    """Ask twice, print `pin = "…"` for a supervisor's [[person]]. Exit 2 when it is none."""
    first = _asked(f"PIN ({pins.DIGITS_MIN} to {pins.DIGITS_MAX} digits): ")
    if sys.stdin.isatty() and _asked("once more: ") != first:
        print("people: the two are not the same", file=sys.stderr)
        return 2
    try:
        line = pins.hashed(first, secrets.token_bytes(pins.SALT_BYTES))
    except ValueError as error:
        print(f"people: {error}", file=sys.stderr)
        return 2
    print(f'pin = "{line}"')
    return 0


def _asked(prompt: str) -> str:
    """Read without echo at a terminal; a pipe hands in one line."""
    if sys.stdin.isatty():
        return getpass.getpass(prompt)
    return sys.stdin.readline().rstrip("\n")
