"""`[[target]]`: what cannot work is refused with its place, certificates are tried out."""

from collections.abc import Callable
from pathlib import Path

import pytest

from certificates import Authority
from config_folder import make_config
from edge.settings.load import SettingsError, load
from edge.settings.model import CatchUp, OnDead, TargetKind, TargetSettings

HEAD = '[[target]]\nname = "oms"\nevents = ["*"]\n'


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("ours"))


@pytest.fixture
def problems(tmp_path: Path) -> Callable[[str], list[str]]:
    config = make_config(tmp_path)

    def told(text: str) -> list[str]:
        (config / "sync.toml").write_text(text, encoding="utf-8")
        try:
            load(config)
        except SettingsError as error:
            return [str(problem) for problem in error.problems]
        return []

    return told


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('kind = "jetstream"\nurl = "http://h"', "url: 'http://h' is no address: nats://"),
        ('kind = "mqtt"\nurl = "nats://h"', "url: 'nats://h' is no address: mqtt://"),
        ('kind = "http-batch"\nurl = "https://u:p@h/"', "url: holds a user or a password"),
        ('kind = "http-batch"\nurl = "https://h"\nstream = "X"', "stream: not for this kind"),
        ('kind = "mqtt"\nurl = "mqtt://h"\nbatch_catch_up = true', "batch_catch_up: not for this"),
        ('kind = "mqtt"\nurl = "mqtt://h"\nprotocol = "4"', "protocol: unknown version '4'"),
        ('kind = "mqtt"\nurl = "mqtt://h"\nusername = "u"', "password_file: missing"),
        ('kind = "jetstream"\nurl = "nats://h"\nstream = "a b"', "stream: 'a b' does not fit"),
        ('kind = "epcis"\nurl = "https://h"\ncatch_up = "live_first"', "catch_up: not for this"),
        ('kind = "http-batch"\nurl = "https://h"\ncatch_up = "x"', "catch_up: 'x' does not fit"),
        ('kind = "http-batch"\nurl = "https://h"\non_dead = "x"', "on_dead: 'x' does not fit"),
        ('kind = "http-batch"\nurl = "https://h"\nca_file = "no.pem"', "ca_file: "),
        ('kind = "http-batch"\nurl = "https://h"\ndurable = false', "no target is durable"),
        ('kind = "photo-http"\nurl = "https://h"', "events: not for this kind"),
    ],
)
def test_what_cannot_work_is_refused(
    problems: Callable[[str], list[str]], text: str, problem: str
) -> None:
    told = problems(HEAD + text)
    assert any(problem in line for line in told), "\n".join(told)


def test_an_address_with_a_password_is_not_repeated(
    problems: Callable[[str], list[str]],
) -> None:
    told = problems(HEAD + 'kind = "http-batch"\nurl = "https://u:Blumentopf@h/"')
    assert not any("Blumentopf" in line for line in told)


def test_certificates_are_tried_out(
    problems: Callable[[str], list[str]], authority: Authority, tmp_path: Path
) -> None:
    base = f'{HEAD}kind = "http-batch"\nurl = "https://h"\n'
    files = (
        f'ca_file = "{authority.ca}"\ncert_file = "{authority.client}"\n'
        f'key_file = "{authority.client_key}"\nkey_password_file = "{authority.password}"\n'
    )
    assert problems(base + files) == []
    other = Authority(tmp_path / "other")
    strange = files.replace(str(authority.client_key), str(other.server_key))
    assert any("certificate or key refused" in line for line in problems(base + strange))
    wrong = tmp_path / "wrong"
    wrong.write_text("Blumentopf", encoding="utf-8")
    told = problems(base + files.replace(str(authority.password), str(wrong)))
    assert any("certificate or key refused" in line for line in told)
    assert not any("Blumentopf" in line for line in told)
    alone = f'{base}cert_file = "{authority.client}"\n'
    assert any("key_file: missing" in line for line in problems(alone))
    plain = (base + files).replace("https://h", "http://h")
    assert any("the address is not encrypted" in line for line in problems(plain))


def test_an_empty_password_file_is_refused(
    problems: Callable[[str], list[str]], tmp_path: Path
) -> None:
    empty = tmp_path / "empty"
    empty.write_text("\n", encoding="utf-8")
    told = problems(f'{HEAD}kind = "http-batch"\nurl = "https://h"\npassword_file = "{empty}"')
    assert any("is no password" in line for line in told)


def test_every_kind_is_read(tmp_path: Path) -> None:
    config = make_config(tmp_path)
    (config / "sync.toml").write_text(
        HEAD
        + 'kind = "http-batch"\nurl = "https://h"\ncatch_up = "live_first"\non_dead = "block_key"\n'
        + '[[target]]\nname = "fleet"\nkind = "jetstream"\nurl = "nats://h:4222"\nevents = ["*"]\n'
        + 'batch_catch_up = true\n[[target]]\nname = "bus"\nkind = "mqtt"\nurl = "mqtt://h"\n'
        + 'events = ["unit.*"]\ndurable = false\nprotocol = "5"\n'
        + '[[target]]\nname = "photos"\nkind = "photo-http"\nurl = "https://h/photos"\n',
        encoding="utf-8",
    )
    oms, fleet, bus, photos = load(config).targets
    assert (oms.catch_up, oms.on_dead) == (CatchUp.LIVE_FIRST, OnDead.BLOCK_KEY)
    assert fleet == TargetSettings(
        name="fleet",
        kind=TargetKind.JETSTREAM,
        url="nats://h:4222",
        events=("*",),
        batch_catch_up=True,
    )
    assert (bus.protocol, bus.durable) == ("5", False)
    assert not photos.takes_events
