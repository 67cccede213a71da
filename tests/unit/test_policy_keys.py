"""policy_keys.toml: who writes, who approves; nothing in it that could never work."""

from pathlib import Path

import pytest

from config_folder import make_config
from edge.settings.load import SettingsError, load
from edge.settings.model import PolicyRole

ONE, TWO = ("ed25519:" + letter * 43 + "=" for letter in "AB")


def _keys(tmp_path: Path, *rows: tuple[str, str, str]) -> Path:
    config = make_config(tmp_path, "minimal")
    text = "".join(
        f'[[key]]\nperson = "{person}"\nroles = [{roles}]\npublic = "{public}"\n'
        for person, roles, public in rows
    )
    (config / "policy_keys.toml").write_text(text, encoding="utf-8")
    return config


def _problems(config: Path) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        load(config)
    return [str(problem) for problem in caught.value.problems]


def test_keys_are_read_and_change_the_configurations_digest(tmp_path: Path) -> None:
    without = load(make_config(tmp_path / "a", "minimal"))
    assert without.policy_keys == ()
    rows = (("anna", '"author", "approver"', ONE), ("boris", '"approver"', TWO))
    settings = load(_keys(tmp_path / "b", *rows))
    anna, boris = settings.policy_keys
    assert (anna.person, anna.public) == ("anna", ONE)
    assert anna.roles == {PolicyRole.AUTHOR, PolicyRole.APPROVER}
    assert boris.roles == {PolicyRole.APPROVER}
    assert settings.digest != without.digest


def test_the_shipped_file_of_a_bench_holds_no_key(tmp_path: Path) -> None:
    config = make_config(tmp_path, "bench")
    assert (config / "policy_keys.toml").is_file()
    assert load(config).policy_keys == ()


def test_what_is_wrong_is_named(tmp_path: Path) -> None:
    rows = (("Anna", '"author"', ONE), ("boris", '"boss"', TWO), ("carl", '"author"', "secret"))
    assert _problems(_keys(tmp_path, *rows)) == [
        "policy_keys.toml: key[1].person: 'Anna' does not fit: 1 to 32 of a-z 0-9 . _ -",
        "policy_keys.toml: key[2].roles[1]: 'boss' does not fit: one of author, approver",
        "policy_keys.toml: key[3].public: is no key: the line that `policy keys new` prints",
    ]


def test_one_key_stands_for_one_person(tmp_path: Path) -> None:
    rows = (("anna", '"author"', ONE), ("boris", '"approver"', ONE))
    (problem,) = _problems(_keys(tmp_path, *rows))
    assert "stands more than once" in problem


@pytest.mark.parametrize(
    "rows",
    [
        (("anna", '"author"', ONE),),
        (("anna", '"author", "approver"', ONE),),
        (("anna", '"author"', ONE), ("anna", '"approver"', TWO)),
        (("anna", '"author"', ONE), ("boris", '"author"', TWO)),
    ],
)
def test_keys_with_which_no_pack_could_be_approved_are_a_problem(
    tmp_path: Path, rows: tuple[tuple[str, str, str], ...]
) -> None:
    (problem,) = _problems(_keys(tmp_path, *rows))
    assert "no pack could be approved" in problem
    assert "another person" in problem
