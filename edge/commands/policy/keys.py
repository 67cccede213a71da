"""`receiving-edge policy keys new`: a key pair for whoever writes or approves policy packs."""

import argparse
import os
import stat
import sys
from pathlib import Path
from typing import Final

from edge.feeds.pack_seal import PrivateKey, SealError, new_key, read_key

MODE: Final = 0o600


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's arguments."""
    parser.add_argument("what", choices=("new",))
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="private key")
    add_password(parser)


def add_password(parser: argparse.ArgumentParser) -> None:
    """Declare where the key's password comes from: never from the command line itself."""
    parser.add_argument(
        "--password-file", type=Path, metavar="FILE", help="first line = the key's password"
    )


def run(args: argparse.Namespace) -> int:
    """Write a new private key, mode 0600, and print the public line for policy_keys.toml."""
    try:
        pem, public = new_key(read_password(args.password_file))
        descriptor = os.open(args.out, os.O_WRONLY | os.O_CREAT | os.O_EXCL, MODE)
        with os.fdopen(descriptor, "wb") as file:
            file.write(pem)
    except FileExistsError:
        print(f"{args.out} is there already; a key is never overwritten", file=sys.stderr)
        return 1
    except (OSError, SealError) as error:
        print(error, file=sys.stderr)
        return 1
    print(f'public = "{public}"')
    return 0


def read_password(path: Path | None) -> bytes | None:
    """Return the first line of a file only its owner reads. Raises OSError, SealError."""
    if path is None:
        return None
    return _private(path).partition(b"\n")[0].removesuffix(b"\r") or None


def load_key(path: Path, password_file: Path | None) -> PrivateKey:
    """Return a private key. Raises SealError when others may read its file, OSError."""
    return read_key(_private(path), read_password(password_file))


def _private(path: Path) -> bytes:
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & 0o077:
        raise SealError(f"{path}: mode {mode:04o}: nobody else may read it, chmod 600")
    return path.read_bytes()
