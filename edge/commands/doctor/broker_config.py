"""Judges a broker's configuration file: what a robot's broker must not forget, delay or allow."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from edge.commands.doctor.lines import Line, broken, good, poor

LOOPBACK: Final = ("127.0.0.1", "::1", "localhost")
NAGLE: Final = "small answers wait 30 to 40 ms for an acknowledgement"
FORGETS: Final = "a crash loses what is retained: robots look as if they had never been there"
_NATS: Final = re.compile(r"\bjetstream\b|\bmqtt\s*[:{]")


def judge(text: str) -> Iterator[Line]:
    """Return a line for every setting that matters, of a mosquitto.conf or a nats-server.conf."""
    plain = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("#"))
    yield from _nats(plain) if _NATS.search(plain) else _mosquitto(plain)


def _mosquitto(plain: str) -> Iterator[Line]:
    rows = [(key, value.strip()) for key, _, value in (row.partition(" ") for row in _rows(plain))]
    given = dict(rows)
    yield from _comments(rows)
    yield _needs(given, "set_tcp_nodelay", "true", NAGLE)
    yield _needs(given, "persistence", "true", FORGETS)
    yield _needs(given, "autosave_on_changes", "true", FORGETS)
    yield _needs(given, "autosave_interval", "1", FORGETS)
    if given.get("queue_qos0_messages", "false") == "false":
        yield good("queue_qos0_messages", "no order waits for an absent robot")
    else:
        yield broken(
            "queue_qos0_messages",
            "old orders wait for an absent robot",
            "queue_qos0_messages false",
        )
    yield from _rights(given)
    yield from _listeners(rows)


def _rows(plain: str) -> Iterator[str]:
    return (row.strip() for row in plain.splitlines() if row.strip())


def _comments(rows: Sequence[tuple[str, str]]) -> Iterator[Line]:
    for key, value in rows:
        if " #" in value:
            yield broken(key, f"{value!r} is its value", "comments stand on lines of their own")


def _needs(given: Mapping[str, str], key: str, wanted: str, otherwise: str) -> Line:
    value = given.get(key)
    if value == wanted:
        return good(key, value)
    return broken(key, f"{value or 'not set'}: {otherwise}", f"{key} {wanted}")


def _rights(given: Mapping[str, str]) -> Iterator[Line]:
    if given.get("allow_anonymous", "false") == "false":
        yield good("allow_anonymous", "everybody has a name")
    else:
        yield broken("allow_anonymous", "anybody may send orders", "allow_anonymous false")
    for key in ("password_file", "acl_file"):
        if key in given or "plugin" in given or "auth_plugin" in given:
            yield good(key, given.get(key, "by a plugin"))
        else:
            yield broken(key, "not set", f"{key}: see config/mosquitto.acl")


def _listeners(rows: Sequence[tuple[str, str]]) -> Iterator[Line]:
    """Every listener takes the lines behind it."""
    starts = [at for at, (key, _) in enumerate(rows) if key == "listener"]
    if not starts:
        yield poor("listener", "none: mosquitto 2 listens on this machine alone", "a listener")
    for start, end in zip(starts, [*starts[1:], len(rows)], strict=True):
        value, own = rows[start][1], dict(rows[start + 1 : end])
        port, _, address = value.partition(" ")
        what = f"listener {port}"
        if address in LOOPBACK or port == "0":
            yield good(what, "this machine alone")
        elif "certfile" not in own:
            yield broken(what, "open to the network in plain text", "certfile, keyfile, cafile")
        elif own.get("require_certificate") != "true":
            yield poor(what, "robots need no certificate", "require_certificate true")
        else:
            yield good(what, "certificates on both sides")


def _nats(plain: str) -> Iterator[Line]:
    for what, pattern, said, cure in _NATS_NEEDS:
        if re.search(pattern, plain):
            yield good(what, "set")
        else:
            yield broken(what, f"not set: {said}", cure)
    address = re.search(r"mqtt\s*:?\s*{[^}]*?listen:\s*\"?([^\s,:\"}]+):", plain)
    is_near = address is not None and address[1] in LOOPBACK
    if is_near or re.search(r"\btls\s*:?\s*{", plain):
        yield good("mqtt listen", "this machine alone" if is_near else "TLS")
    else:
        yield broken("mqtt listen", "open to the network in plain text", "tls { … } in mqtt")
    if re.search(r"\bauthorization\b|\baccounts\b", plain):
        yield good("authorization", "everybody has a name")
    else:
        yield poor("authorization", "anybody may send orders", "authorization { users: … }")


_NATS_NEEDS: Final = (
    ("server_name", r"\bserver_name\s*[:=]", "MQTT does not start without", "server_name"),
    ("jetstream", r"\bstore_dir\s*[:=]", FORGETS, "jetstream { store_dir: … }"),
    ("sync_interval", r"\bsync_interval\s*[:=]\s*\"?always", FORGETS, "sync_interval: always"),
)
