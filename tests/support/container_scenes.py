"""Scenes of containers, and of what is owed beside a unit's own number or of empty packing."""

from collections.abc import Mapping
from dataclasses import replace

from edge.views import (
    ContainerWork,
    Feedback,
    Line,
    Message,
    ParcelWork,
    Severity,
    Stage,
    StationView,
    Tone,
    VerdictWork,
)

SHIRT = {"ru": "Футболка", "en": "T-shirt"}
HELD = ContainerWork(
    no="K00042", zone="hold", disposition="HOLD_UNANNOUNCED", tenant="shop-a", n=17, most=60
)
SHUT = ContainerWork(
    no="Z00003",
    zone="hazmat",
    disposition="HAZMAT_HOLD",
    tenant="shop-a",
    n=2,
    goods_class="hazmat",
    is_closed=True,
    weight_g=12450,
)


def _fb(sev: Severity, msgid: str, **given: object) -> Feedback:
    return Feedback(n=7, sev=sev, t=msgid, p=given, at="14:02:30")


def container_scenes(base: StationView, verdict: StationView) -> Mapping[str, StationView]:
    """Return the scenes; `base` = an idle station, `verdict` = a decided unit in the hand."""
    filling = replace(
        base,
        state="CONTAINER",
        stage=Stage(t="stage.zone.hold", tone=Tone.HOLD),
        work=HELD,
        fb=_fb(Severity.OK, "fb.container", c="K00042"),
        keys=(("1", "key.close"), ("esc", "key.back"), ("f1", "key.help")),
    )
    weighed = replace(
        filling,
        work=replace(HELD, weighs=True, typed="12450"),
        fb=_fb(Severity.INFO, "fb.weigh", c="K00042"),
        keys=(("enter", "key.close"), ("backspace", "key.delete"), ("esc", "key.back")),
    )
    shut = replace(
        filling,
        stage=Stage(t="stage.zone.hazmat", tone=Tone.HAZMAT),
        work=SHUT,
        fb=_fb(Severity.ERROR, "E66", c="Z00003"),
        keys=(("f12", "key.super"), ("esc", "key.back"), ("f1", "key.help")),
    )
    owed = Message(t="owed.bag", p={"lpn": "0417-0094"})
    assert isinstance(verdict.work, VerdictWork)
    bag = replace(
        verdict,
        work=replace(verdict.work, owed=(owed,), partner={"ru": "Сервис «Север»", "en": "North"}),
        fb=_fb(Severity.WARN, "E69", lpn="0417-0094"),
    )
    full = replace(verdict, fb=_fb(Severity.ERROR, "E64", c="K00042", n=60))
    packing = replace(
        base,
        state="PHOTO",
        stage=Stage(t="stage.photo"),
        work=ParcelWork(
            no="4600-7712",
            rmas=("88123",),
            lines=(
                Line(n=1, name=SHIRT, gtin="04601234567893", received=1, expected=1),
                Line(n=2, name=SHIRT, gtin="04601234567893", received=0, expected=1),
            ),
        ),
        fb=_fb(Severity.ERROR, "E34", slot="packing"),
        keys=(("9", "key.photo"), ("7", "key.super"), ("esc", "key.back"), ("f1", "key.help")),
    )
    return {
        "s04b_packing": packing,
        "s17_container": filling,
        "s17b_weight": weighed,
        "s17c_closed": shut,
        "s17d_full": full,
        "s18_bag": bag,
    }
