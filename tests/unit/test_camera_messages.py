import pytest

from drivers.wire.camera_messages import (
    MESSAGE_BYTES_MAX,
    Beat,
    CodeSeen,
    Decoder,
    Message,
    PhotoMade,
    PhotoRefused,
    PhotoWanted,
    Ready,
    Setup,
    SourceFailed,
    encode,
)

MESSAGES: tuple[Message, ...] = (
    Setup(values={"source": "/dev/video0", "fps": 15.0, "mat": [1, 2, 3, 4]}),
    PhotoWanted(request=7, not_before_ns=10**15, until_ns=10**15 + 1),
    Ready(engines=("zxing", "zbar"), width=1280, height=720),
    Beat(at_ns=5, frames=3),
    CodeSeen(
        payload=b"010460711201001721S\x1d93abcd\xff",
        symbology="gs1_datamatrix",
        aim="]d2",
        votes=2,
        runner_up=0,
        engines=("zxing",),
        frames=2,
        first_ns=1,
        at_ns=2,
        box=(1, 2, 3, 4),
    ),
    PhotoMade(
        request=7,
        jpeg=b"\xff\xd8\x00\x00\xff\xd9",
        width=2,
        height=1,
        at_ns=9,
        sharpness=80,
        mean=120,
        clipped=3,
        codes=(b"1", b"\x1d"),
    ),
    PhotoRefused(request=8, reason="dark"),
    SourceFailed(reason="ended"),
)


def test_every_message_comes_out_as_it_went_in() -> None:
    decoder = Decoder()
    assert tuple(decoder.feed(b"".join(map(encode, MESSAGES)))) == MESSAGES


@pytest.mark.parametrize("size", [1, 3, 64])
def test_messages_survive_any_cut(size: int) -> None:
    stream = b"".join(map(encode, MESSAGES))
    decoder, got = Decoder(), []
    for at in range(0, len(stream), size):
        got += decoder.feed(stream[at : at + size])
    assert tuple(got) == MESSAGES


def test_a_length_beyond_all_photographs_is_refused_at_once() -> None:
    with pytest.raises(ValueError, match="camera message"):
        Decoder().feed((MESSAGE_BYTES_MAX + 1).to_bytes(4, "big") + bytes(4))


@pytest.mark.parametrize(
    "text",
    [b"{}", b"[]", b"7", b'{"m":"nonsense"}', b'{"m":"beat"}', b"\xff", b'{"m":"code_seen"}'],
)
def test_a_message_of_another_shape_is_refused(text: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        Decoder().feed(len(text).to_bytes(4, "big") * 2 + text)
