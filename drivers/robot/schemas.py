"""The official VDA 5050 2.1 schemas as the last check of what is about to be sent.

Schema-valid is not correct: extra keys pass, so the builders are tested against golden messages.
"""

import json
from enum import StrEnum
from functools import cache
from importlib.resources import files

from jsonschema import Draft202012Validator

_FOLDER = "vda5050_2_1_0"


class MessageKind(StrEnum):
    """Messages that have a schema; the value is the file's stem."""

    ORDER = "order"
    INSTANT_ACTIONS = "instantActions"
    STATE = "state"
    CONNECTION = "connection"


def problems(kind: MessageKind, message: bytes) -> tuple[str, ...]:
    """Return what the schema refuses, as `path: problem`; empty = valid. About 0.3 ms."""
    found = _validator(kind).iter_errors(json.loads(message))
    return tuple(
        f"{'/'.join(str(part) for part in error.absolute_path) or kind}: {error.message}"
        for error in found
    )


@cache
def _validator(kind: MessageKind) -> Draft202012Validator:
    text = (files("drivers.robot") / _FOLDER / f"{kind}.schema").read_text("utf-8")
    return Draft202012Validator(json.loads(text))
