"""`receiving-edge terminal`: the operator's screen, a client of the service's socket."""

import argparse
import os
import sys
from importlib.util import find_spec
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
    parser.add_argument(
        "--web", type=int, metavar="PORT", help="serve mirrors to browsers on 127.0.0.1 instead"
    )
    parser.add_argument(
        "--web-url", metavar="URL", help="what browsers call it, behind a proxy with a name"
    )


def run(args: argparse.Namespace) -> int:
    """Run the terminal until the service says goodbye or a signal comes."""
    if args.web is not None:
        return _serve_browsers(args)
    role = Role.MIRROR if args.mirror else Role.OPERATOR
    return run_terminal(args.socket, role, args.lang)


def _serve_browsers(args: argparse.Namespace) -> int:
    if find_spec("textual_serve") is None:
        print("browsers need the extra: pip install 'receiving-edge[web]'", file=sys.stderr)
        return 1
    from edge.terminal.browser import serve_browsers  # noqa: PLC0415 - of an extra

    return serve_browsers(
        args.socket,
        args.lang,
        port=args.web,
        public_url=args.web_url,
        on_open=lambda url: print(url, flush=True),
    )


def _language() -> str:
    return "ru" if os.environ.get("LANG", "").startswith("ru") else "en"
