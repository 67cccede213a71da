"""`receiving-edge terminal`: the operator's screen, a client of the service's socket."""

import argparse
import os
from pathlib import Path

from edge.terminal.app import run as run_terminal
from edge.views import Role


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's arguments."""
    parser.add_argument(
        "--socket",
        type=Path,
        default=Path("/run/receiving-edge/terminal.sock"),
        help="the service's socket (default: %(default)s)",
    )
    parser.add_argument("--mirror", action="store_true", help="look only, take no keys")
    parser.add_argument(
        "--lang", choices=("ru", "en"), default=_language(), help="screen language to start with"
    )


def run(args: argparse.Namespace) -> int:
    """Run the terminal until the service says goodbye or a signal comes."""
    role = Role.MIRROR if args.mirror else Role.OPERATOR
    return run_terminal(args.socket, role, args.lang)


def _language() -> str:
    return "ru" if os.environ.get("LANG", "").startswith("ru") else "en"
