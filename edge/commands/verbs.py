"""Tables of verbs: each module is imported only when its verb is called."""

import argparse
import importlib
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple


class Verb(NamedTuple):
    """A verb: the module that does it and its one-line help."""

    module: str
    help: str


class VerbParser(argparse.ArgumentParser):
    """The parser of one verb. `module` has `add_arguments(parser)` and `run(args) -> int`.

    A module that only holds verbs of its own has no `run`.
    """

    module = ""

    def parse_known_args(  # type: ignore[override]  # the stub's overloads say the same
        self, args: Sequence[str] | None = None, namespace: Any = None
    ) -> tuple[Any, list[str]]:
        """Import the verb's module, let it declare its arguments, then parse them."""
        if self.module:
            name, self.module = self.module, ""
            module = importlib.import_module(name)
            module.add_arguments(self)
            if hasattr(module, "run"):
                self.set_defaults(run=module.run)
        return super().parse_known_args(args, namespace)


def add_verbs(
    parser: argparse.ArgumentParser, verbs: Mapping[str, Verb], *, required: bool = True
) -> None:
    """Let a parser take one of these verbs; the chosen one's `run` lands in the arguments.

    Where none is required the parser's own `run` stays.
    """
    choice = parser.add_subparsers(metavar="VERB", required=required, parser_class=VerbParser)
    for name, verb in verbs.items():
        choice.add_parser(name, help=verb.help, description=verb.help).module = verb.module
