"""Payload of a paper's data: the centre renders, numbers and signs it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentData:
    """What the station knows for a paper. `form`: return_act, discrepancy_act, upd_correction.

    `fields` = those of the form, codes and numbers; `photos` = digests. docs/papers.md lists them.
    """

    KIND: ClassVar[str] = "document.data"
    SCHEMA: ClassVar[int] = 1
    form: str
    fields: Mapping[str, Any] = field(default_factory=dict)
    photos: tuple[str, ...] = ()
