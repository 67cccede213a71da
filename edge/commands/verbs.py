"""Tables of verbs: each module is imported only when its verb is called."""

import argparse
import gc
import importlib
from collections.abc import Mapping, Sequence
from types import ModuleType
from typing import Any, NamedTuple


class Verb(NamedTuple):
    """A verb: the module that does it, its one-line help; `stays` = it runs until it is ended."""

    module: str
    help: str
    stays: bool = False


class VerbParser(argparse.ArgumentParser):
    """The parser of one verb. `module` has `add_arguments(parser)` and `run(args) -> int`.

    A module that only holds verbs of its own has no `run`.
    """

    module = ""
    stays = False

    def parse_known_args(  # type: ignore[override]  # the stub's overloads say the same
        self, args: Sequence[str] | None = None, namespace: Any = None
    ) -> tuple[Any, list[str]]:
        """Import the verb's module, let it declare its arguments, then parse them."""
        if self.module:
            name, self.module = self.module, ""
            module = _loaded_for_good(name) if self.stays else importlib.import_module(name)
            module.add_arguments(self)
            if hasattr(module, "run"):
                self.set_defaults(run=module.run)
        return super().parse_known_args(args, namespace)


def _loaded_for_good(name: str) -> ModuleType:
    """Import what is never given up: looking through it for garbage takes a tenth of the start."""
    gc.disable()
    try:
        return importlib.import_module(name)
    finally:
        gc.freeze()  # else the first look goes through all of it at once
        gc.enable()


def add_verbs(
    parser: argparse.ArgumentParser, verbs: Mapping[str, Verb], *, required: bool = True
) -> None:
    """Let a parser take one of these verbs; the chosen one's `run` lands in the arguments.

    Where none is required the parser's own `run` stays.
    """
    choice = parser.add_subparsers(metavar="VERB", required=required, parser_class=VerbParser)
    for name, verb in verbs.items():
        made = choice.add_parser(name, help=verb.help, description=verb.help)
        made.module, made.stays = verb.module, verb.stays
