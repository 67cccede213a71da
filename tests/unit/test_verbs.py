"""A verb's module is imported when it is called, and leaves the interpreter as it was."""

import argparse
import gc

import pytest

from edge.commands.verbs import Verb, add_verbs


def test_garbage_is_looked_for_again_when_a_verb_is_imported_and_when_it_cannot_be() -> None:
    parser = argparse.ArgumentParser()
    verbs = {
        "check-config": Verb("edge.commands.check_config", "check", stays=True),
        "no": Verb("edge.no", "", stays=True),
    }
    add_verbs(parser, verbs)
    args = parser.parse_args(["check-config"])
    assert args.run is not None
    assert gc.isenabled()
    with pytest.raises(ModuleNotFoundError):
        parser.parse_args(["no"])
    assert gc.isenabled()
