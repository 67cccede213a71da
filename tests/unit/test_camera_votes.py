from drivers.camera.votes import LEFT_NS, Ballot, Box, Found, Scene
from drivers.protocols import Symbology

PLACE: Box = (100, 100, 200, 80)
ELSEWHERE: Box = (900, 500, 200, 80)


def found(
    text: str,
    *,
    kind: Symbology = Symbology.EAN13,
    engine: str = "zxing",
    stage: str = "half",
    box: Box = PLACE,
) -> Found:
    return Found(
        payload=text.encode(),
        text=text,
        symbology=kind,
        aim="]E0",
        engine=engine,
        stage=stage,
        box=box,
    )


def told(scene: Scene) -> list[bytes]:
    return [tally.best.payload for tally, _, _ in scene.news()]


def test_one_read_of_a_linear_code_is_not_enough() -> None:
    scene = Scene()
    scene.see([found("4607112010017")], 1, 0)
    assert told(scene) == []
    assert scene.is_pending


def test_two_frames_tell_a_linear_code_once() -> None:
    scene = Scene()
    for frame in range(1, 6):
        scene.see([found("4607112010017")], frame, frame)
        assert told(scene) == ([b"4607112010017"] if frame == 2 else [])


def test_a_matrix_code_needs_one_read() -> None:
    scene = Scene()
    scene.see([found("x", kind=Symbology.DATAMATRIX)], 1, 0)
    assert told(scene) == [b"x"]


def test_two_engines_that_agree_need_one_frame() -> None:
    scene = Scene()
    scene.see([found("4607112010017"), found("4607112010017", engine="zbar")], 1, 0)
    assert told(scene) == [b"4607112010017"]


def test_upc_a_and_ean_13_of_one_article_vote_together() -> None:
    scene = Scene()
    scene.see([found("023942431015", kind=Symbology.UPCA)], 1, 0)
    scene.see([found("0023942431015")], 2, 1)
    assert len(told(scene)) == 1


def test_a_rival_at_the_same_place_blocks_and_one_elsewhere_does_not() -> None:
    for box, expected in ((PLACE, 0), (ELSEWHERE, 2)):
        scene = Scene()
        for frame in (1, 2):
            scene.see([found("4607112010017"), found("9074932437075", box=box)], frame, frame)
        assert len(told(scene)) == expected


def test_a_code_is_locked_until_it_has_left_for_half_a_second() -> None:
    scene = Scene()
    scene.see([found("x", kind=Symbology.QR)], 1, 0)
    assert told(scene) == [b"x"]
    scene.see([], 2, LEFT_NS)
    scene.see([found("x", kind=Symbology.QR)], 3, LEFT_NS + 1)
    assert told(scene) == []
    scene.see([], 4, 2 * LEFT_NS + 2)
    scene.see([found("x", kind=Symbology.QR)], 5, 2 * LEFT_NS + 3)
    assert told(scene) == [b"x"]


def test_a_still_picture_keeps_its_codes_in_view() -> None:
    scene = Scene()
    scene.see([found("x", kind=Symbology.QR)], 1, 0)
    assert told(scene) == [b"x"]
    for frame in range(10):
        scene.hold(frame * LEFT_NS // 2)
    scene.see([found("x", kind=Symbology.QR)], 11, 5 * LEFT_NS)
    assert told(scene) == []


def test_a_short_code_inside_a_long_one_is_dropped() -> None:
    scene = Scene()
    for frame in (1, 2):
        scene.see([found("4607112010017"), found("96385074", kind=Symbology.EAN8)], frame, frame)
        scene.see([found("4607112010017", stage="full")], frame, frame)
    assert b"96385074" not in told(scene)


def ballot(*readings: Found) -> Ballot:
    cast = Ballot()
    cast.add(readings, 0)
    return cast


def test_a_still_linear_code_is_settled_by_three_stages_and_not_by_two_engines() -> None:
    one, two = found("4607112010017", stage="fast"), found("4607112010017", engine="zbar")
    cast = ballot(one, two)
    assert not cast.is_settled(one.key)
    assert cast.is_agreed(one.key)
    cast.add([found("4607112010017", stage="sharp")], 0)
    assert cast.is_settled(one.key)


def test_all_that_was_read_otherwise_at_its_place_must_be_outvoted_thrice() -> None:
    rivals = [found("9074932437075", stage="fast"), found("8574731738478", stage="full")]
    elsewhere = found("96385074", kind=Symbology.EAN8, stage="fast", box=ELSEWHERE)
    cast = ballot(*rivals, elsewhere)
    for count in range(1, 7):
        reading = found("0023942431015", stage=f"s{count}")
        cast.add([reading], 0)
        assert cast.runner_up(reading.key) == 1
        assert cast.is_settled(reading.key) is (count == 6)
        assert not cast.is_agreed(rivals[0].key)


def test_the_same_stage_of_one_engine_votes_once() -> None:
    reading = found("4607112010017")
    assert not ballot(reading, reading, reading, reading).is_settled(reading.key)
