"""`check-config`: exit code, lines; policy packs and number rules are looked at, too."""

import argparse
import json
from pathlib import Path

import pytest

from config_folder import change, make_config
from edge.commands import check_config


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return make_config(tmp_path)


def run(config: Path, *words: str) -> int:
    parser = argparse.ArgumentParser()
    check_config.add_arguments(parser)
    return check_config.run(parser.parse_args(["--config", str(config), *words]))


def test_a_good_configuration_is_called_good(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(config) == 0
    assert capsys.readouterr().out == f"{config}: good\n"


def test_problems_are_listed_and_counted(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    change(config, "station.toml", "dup_s =", "dup_ms =")
    change(config, "people.toml", 'role = "operator"', 'role = "boss"')
    assert run(config) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("station.toml: terminal.dup_ms: unknown key")
    assert lines[-1] == f"{config}: 2 problems"


def test_json_holds_the_parts_of_each_problem(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    change(config, "people.toml", 'role = "operator"', 'role = "boss"')
    assert run(config, "--json") == 1
    said = json.loads(capsys.readouterr().out)
    assert said["ok"] is False
    assert said["problems"] == [
        {
            "file": "people.toml",
            "key": "person[1].role",
            "problem": "unknown role 'boss'",
            "allowed": "operator, supervisor",
        }
    ]


def test_two_number_rules_of_a_kind_that_fit_one_example_are_a_problem(config: Path) -> None:
    numbers = config / "barcodes.toml"
    twin = '\n[[number]]\nname = "twin"\nkind = "rma"\nregex = "RMA-[0-9]{5}"\n'
    numbers.write_text(numbers.read_text(encoding="utf-8") + twin, encoding="utf-8")
    problems = check_config.check(config)
    assert problems
    assert {problem.file for problem in problems} == {"barcodes.toml"}


def test_a_refused_policy_pack_is_told_with_file_and_line(config: Path) -> None:
    pack = config / "packs" / "default" / "pack.toml"
    pack.write_text(pack.read_text(encoding="utf-8") + "\nzzz_unknown = 1\n", encoding="utf-8")
    problems = check_config.check(config)
    assert any(problem.file.startswith("packs/default/") for problem in problems)


def test_packs_are_looked_at_although_the_rest_is_broken(config: Path) -> None:
    pack = config / "packs" / "default" / "pack.toml"
    pack.write_text("[[[", encoding="utf-8")
    change(config, "station.toml", "dup_s =", "dup_ms =")
    files = {problem.file for problem in check_config.check(config)}
    assert "station.toml" in files
    assert any(file.startswith("packs/default") for file in files)
