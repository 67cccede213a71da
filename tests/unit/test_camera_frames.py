"""Pictures as frames, and pictures made of pictures: what holds for any of them."""

import numpy as np
import pytest
import zxingcpp
from hypothesis import given
from hypothesis import strategies as st

from drivers.camera import decode
from drivers.camera.eye import Eye
from drivers.camera.frames import Freeze, Motion, quality, thumbnail
from drivers.camera.prepare import Picture, shrunk, strips, turned, turned_back
from drivers.camera.settings import CameraSettings
from drivers.camera.sources import Frame
from drivers.protocols import THUMBNAIL_SIZE
from drivers.wire.camera_messages import Beat, CodeSeen, Message

EVERYTHING = decode.Wanted(formats=decode.FORMAT_NAMES)


def plain(shade: int = 128, height: int = 90, width: int = 160) -> Picture:
    return np.full((height, width), shade, np.uint8)


def bars(text: str = "4607112010017", scale: int = 2, kind: str = "EAN13") -> Picture:
    barcode = zxingcpp.create_barcode(text, zxingcpp.barcode_format_from_str(kind))
    symbol = np.array(barcode.to_image(scale=scale, add_quiet_zones=True), dtype=np.uint8)
    frame = plain(200, 480, 640)
    frame[120 : 120 + symbol.shape[0], 150 : 150 + symbol.shape[1]] = symbol
    return frame


def test_a_source_is_frozen_from_the_first_of_the_same_pixels_on() -> None:
    freeze, one, two = Freeze(), plain(), plain(129)
    assert [freeze.frozen_ns(one, at) for at in (5, 6, 9)] == [0, 1, 4]
    assert freeze.frozen_ns(two, 10) == 0
    assert freeze.frozen_ns(plain(129, 80), 12) == 0  # another size is another picture


def test_noise_is_no_motion_and_a_hand_is() -> None:
    motion, still = Motion(), plain()
    assert motion.is_moved(still)
    assert not motion.is_moved(still + 1)
    hand = still.copy()
    hand[20:60, 20:60] = 30
    assert motion.is_moved(hand)


def test_quality_tells_blur_light_and_clipping() -> None:
    sharp = quality(bars())
    assert sharp.sharpness > quality(plain()).sharpness == 0
    assert quality(plain(40)).mean == 40
    assert quality(plain(255)).clipped == 1000


def test_a_thumbnail_is_small_rgb() -> None:
    blue = np.zeros((720, 1280, 3), np.uint8)
    blue[:, :, 0] = 200
    assert thumbnail(blue) == bytes((0, 0, 200)) * (THUMBNAIL_SIZE[0] * THUMBNAIL_SIZE[1])
    assert len(thumbnail(plain())) == 3 * THUMBNAIL_SIZE[0] * THUMBNAIL_SIZE[1]


@pytest.mark.parametrize("degrees", [0.0, 33.0, 45.0, 60.0, 118.0])
def test_bars_that_lean_are_found_and_laid_straight(degrees: float) -> None:
    best = next(strips(turned(bars(), degrees), is_soft=True))
    assert {code.text for code in zxingcpp.read_barcodes(best.picture)} == {"4607112010017"}


def test_a_plain_surface_has_no_strips() -> None:
    assert list(strips(plain(), is_soft=True)) == []


def test_a_box_in_a_turned_picture_is_found_again_in_the_picture() -> None:
    picture = plain(height=200, width=400)
    picture[40:50, 300:310] = 255
    for degrees in (15.0, -15.0, 60.0):
        there = turned(picture, degrees)
        ys, xs = np.nonzero(there > 200)
        box = (int(xs.min()), int(ys.min()), int(np.ptp(xs)), int(np.ptp(ys)))
        x, y, width, height = turned_back(box, picture, degrees)
        assert abs(x + width / 2 - 305) <= 3
        assert abs(y + height / 2 - 45) <= 3


def test_a_giant_picture_is_shrunk_and_a_small_one_left() -> None:
    assert shrunk(plain(height=1000, width=4000), 1_000_000).size <= 1_000_000
    small = plain()
    assert shrunk(small, 1_000_000) is small


@given(width=st.integers(1, 60), height=st.integers(1, 60), seed=st.integers(0, 2**16))
def test_any_small_picture_is_read_without_a_complaint(width: int, height: int, seed: int) -> None:
    noise = np.random.default_rng(seed).integers(0, 256, (height, width)).astype(np.uint8)
    ballot = decode.decode_picture(noise, EVERYTHING)
    assert decode.accepted(ballot) <= set(ballot.tallies)


def test_the_budget_leaves_out_what_does_not_fit() -> None:
    picture = bars()
    every = [found for _, found in decode.stages(picture, EVERYTHING, 10**12)]
    some = list(decode.stages(picture, EVERYTHING, 1))
    chosen = decode.STAGES[4:6]
    assert len(every) == len(decode.STAGES)
    assert len(some) == 1
    assert [one for one, _ in decode.stages(picture, EVERYTHING, 10**12, chosen)] == list(chosen)
    assert len(list(decode.deep(picture, EVERYTHING, 10**12))) == 3  # then it is settled
    assert sum(map(bool, every)) >= 10


def test_the_second_deep_reading_asks_those_that_read_something_in_the_first() -> None:
    """A leaning code of a kind that one engine alone is asked for: one frame is too little."""
    frames: list[list[Message]] = []
    settings = CameraSettings(source="x", formats=("codabar",))

    def hear(message: Message) -> None:
        frames[-1].append(message)

    eye = Eye(settings, hear)
    leaning = turned(bars("A40156B", scale=1, kind="Codabar"), 45.0)
    for number in range(1, 7):
        frames.append([])
        eye.take(Frame(leaning, number * 66_000_000))
    stages = [sum(isinstance(one, Beat) for one in said) for said in frames]
    (told,) = (one for said in frames for one in said if isinstance(one, CodeSeen))
    assert (told.payload, told.frames, told.runner_up) == (b"A40156B", 2, 0)
    assert stages[3] > stages[5] > 0
    assert stages[:3] == [0, 0, 0]
