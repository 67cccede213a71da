"""`receiving-edge policy`: verbs for who writes, tests, signs and puts in force a policy pack."""

import argparse
from typing import Final

from edge.commands.verbs import Verb, add_verbs

_HERE: Final = "edge.commands.policy"
VERBS: Final = {
    "check": Verb(f"{_HERE}.check", "prove a pack and list every finding with an example"),
    "prove": Verb(f"{_HERE}.prove", "list each proof; write the queries for another solver"),
    "decide": Verb(f"{_HERE}.decide", "fact records in, verdicts out, as JSON lines"),
    "why": Verb(f"{_HERE}.why", "say why a unit goes where it goes"),
    "diff": Verb(f"{_HERE}.diff", "say what differs between two packs, with items"),
    "witness": Verb(f"{_HERE}.witness", "write an item per row and boundary as test data"),
    "optimise": Verb(f"{_HERE}.optimise", "propose the order of questions that asks least"),
    "rehearse": Verb(f"{_HERE}.rehearse", "decide the past again under a candidate pack"),
    "replay": Verb(f"{_HERE}.replay", "decide a journal again and compare byte by byte"),
    "keys": Verb(f"{_HERE}.keys", "make a key pair for signing"),
    "sign": Verb(f"{_HERE}.sign", "sign a pack as its author"),
    "approve": Verb(f"{_HERE}.approve", "sign a pack as its approver"),
    "activate": Verb(f"{_HERE}.activate", "put a signed pack in force at this station"),
    "shadow": Verb(f"{_HERE}.shadow", "let a candidate decide beside the active pack"),
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the sub-verbs; none of their modules is imported here."""
    add_verbs(parser, VERBS)
