import string

from hypothesis import given
from hypothesis import strategies as st

from codes import OLD_KEY, RULES, SITE_KEY, scan_of
from drivers.protocols import ScanSource, Symbology
from edge.barcodes.classify import ItemCode, ItemFlag, Refused, Rules, UnknownText, classify
from edge.barcodes.labels import PREFIXES
from edge.barcodes.marks import GsState
from edge.barcodes.signed import signed

SERIAL_CHARS = string.ascii_letters + string.digits + "!\"%&'*+-./_,:;=<>?"
HOSTILE = st.one_of(
    st.binary(max_size=4200),
    st.text(max_size=400).map(lambda text: text.encode("utf-8", "surrogatepass")),
    st.text("0123456789\x1d()]d2RXBTL-", max_size=200).map(str.encode),
    st.from_regex(r"\A(01[0-9]{14}|00[0-9]{18})(21|10|17|9[0-9])[ -~\x1d]{0,80}\Z").map(str.encode),
    st.from_regex(r"\Ahttps?://[a-z/0-9.%?&=]{0,80}\Z").map(str.encode),
)
AIMS = st.sampled_from([None, "]E0", "]C0", "]C1", "]d1", "]d2", "]Q1", "]Q3", "]d5", "]e0"])


@given(HOSTILE, st.sampled_from(Symbology), AIMS, st.sampled_from(ScanSource))
def test_any_payload_has_a_meaning_and_raises_nothing(
    payload: bytes, symbology: Symbology, aim: str | None, source: ScanSource
) -> None:
    meanings = classify(scan_of(payload, symbology, aim=aim, source=source), RULES)
    assert meanings
    assert all(meaning.text.isprintable() for meaning in meanings)
    assert len([m for m in meanings if isinstance(m, Refused)]) <= 1


@given(
    st.sampled_from(["RX-OK", "RB-0417", "RT-1-T01", "RL-3-A", "TR-1"]),
    st.integers(0, 30),
    st.sampled_from(string.digits + string.ascii_uppercase + "-_"),
)
def test_any_changed_character_of_a_label_is_refused(body: str, at: int, char: str) -> None:
    label = signed(body, SITE_KEY)
    at %= len(label)
    changed = label[:at] + char + label[at + 1 :]
    (meaning,) = classify(scan_of(changed), RULES)
    if changed == label:
        assert not isinstance(meaning, UnknownText)
    elif changed.startswith(PREFIXES):
        assert type(meaning).__name__ == "ForgedLabel"
    else:
        assert isinstance(meaning, UnknownText)


@given(st.binary(min_size=32, max_size=32))
def test_a_label_of_another_site_is_refused(key: bytes) -> None:
    own = Rules(site_keys=(SITE_KEY, OLD_KEY))
    (meaning,) = classify(scan_of(signed("RX-OK", key)), own)
    assert key in (SITE_KEY, OLD_KEY) or type(meaning).__name__ == "ForgedLabel"


@given(
    st.sampled_from([6, 13]).flatmap(lambda n: st.text(SERIAL_CHARS, min_size=n, max_size=n)),
    st.sampled_from([("93", None), ("91", 44), ("91", 88)]),
    st.data(),
)
def test_a_mark_without_one_of_its_separators_is_never_kept(
    serial: str, shape: tuple[str, int | None], data: st.DataObject
) -> None:
    ai, crypto = shape
    fields = [
        f"010460711201001721{serial}",
        ai + data.draw(st.text("aB7_", min_size=4, max_size=4)),
    ]
    if crypto is not None:
        fields.append("92" + "C" * crypto)
    whole = classify(scan_of("\x1d".join(fields), "gs1_datamatrix", aim="]d2"), RULES)[0]
    assert isinstance(whole, ItemCode)
    assert whole.gs is GsState.KEPT
    at = data.draw(st.integers(1, len(fields) - 1))
    torn = "\x1d".join([*fields[: at - 1], fields[at - 1] + fields[at], *fields[at + 1 :]])
    read = classify(scan_of(torn, "gs1_datamatrix", aim="]d2"), RULES)[0]
    assert isinstance(read, Refused) or (
        isinstance(read, ItemCode) and ItemFlag.GS_SUSPECT in read.flags
    )


@given(st.text(SERIAL_CHARS, min_size=13, max_size=13), st.sampled_from(["", "]d2", "\x1d"]))
def test_no_text_shows_the_tail_of_a_mark(serial: str, lead: str) -> None:
    tail = "qQzZ" * 11
    for glue in ("\x1d91EE06\x1d92", "\x1d91EE0692", "91EE06\x1d92", "91EE0692"):
        payload = f"{lead}010460711201001721{serial}{glue}{tail}"
        for meaning in classify(scan_of(payload), RULES):
            assert "qQzZ" not in meaning.text
            assert "qQzZ" not in repr(meaning)
