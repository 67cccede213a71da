"""The verbs of `receiving-edge policy` that judge a pack: what they print and return."""

import importlib
import json
import subprocess
import sys
from pathlib import Path

import pytest

from config_folder import change, make_config
from edge.cli import VERBS, main
from edge.commands.policy import VERBS as POLICY_VERBS
from policy_kit import default_pack, pack_files, with_file
from source_tree import ROOT
from verb_kit import DEFAULT, Run, calls, pack_with
from zoning.gate import prove


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str]) -> Run:
    return calls(capfd)


def test_every_verb_has_a_module_with_arguments_and_a_run() -> None:
    wanted = list(VERBS.values())
    assert "edge.commands.policy.decide" in [verb.module for verb in POLICY_VERBS.values()]
    while wanted:
        verb = wanted.pop()
        module = importlib.import_module(verb.module)
        assert callable(module.add_arguments)
        wanted += getattr(module, "VERBS", {}).values()
        assert hasattr(module, "VERBS") or hasattr(module, "run"), verb.module
        assert verb.help == verb.help.strip()
        assert len(verb.help) < 80


def test_a_verb_imports_no_other_verb() -> None:
    code = (
        "import sys; from edge.cli import main\n"
        "try: main(['policy', 'keys', '--help'])\n"
        "except SystemExit: pass\n"
        "names = [n for n in sys.modules if n.startswith(('edge.commands', 'pysat', 'textual'))]\n"
        "print(sorted(names), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-P", "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stderr.strip() == str(
        [
            "edge.commands",
            "edge.commands.policy",
            "edge.commands.policy.keys",
            "edge.commands.verbs",
        ]
    )


def test_help_lists_the_verbs(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["policy", "--help"])
    assert ended.value.code == 0
    told = capsys.readouterr().out
    assert all(f" {name} " in told for name in POLICY_VERBS)


@pytest.mark.parametrize("words", [["policy"], ["policy", "nothing"], ["nothing"], []])
def test_a_verb_that_is_none_is_a_wrong_argument(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(words)
    assert ended.value.code == 2
    assert "usage: receiving-edge" in capsys.readouterr().err


# ---------------------------------------------------------------- check


def test_a_good_pack_is_told_with_its_budgets_its_proof_and_what_was_not_run(run: Run) -> None:
    code, out, err = run("check", DEFAULT)
    lines = out.splitlines()
    assert (code, err) == (0, "")
    assert lines[0].split() == ["category", "sealed", "opened", "longest", "seconds"]
    assert lines[1].startswith("apparel           3 of 3 (goal 3: met)")
    pack = default_pack()
    assert lines[-4] == f"pack default 1, sha256 {pack.sha256}"
    assert lines[-3].startswith("proof: ")
    assert lines[-2] == "G34 was not run: cameras; give --config DIR"
    assert lines[-1] == f"{DEFAULT}: good"


def test_json_of_a_good_pack_has_everything_a_program_needs(run: Run) -> None:
    code, out, _ = run("check", DEFAULT, "--json")
    told = json.loads(out)
    pack = default_pack()
    assert code == 0
    assert set(told) == {
        "ok", "pack", "proof_sha256", "findings", "statuses", "budgets", "not_run",
    }  # fmt: skip
    assert told["ok"] is True
    assert told["pack"] == {"id": "default", "version": 1, "sha256": pack.sha256}
    assert len(told["proof_sha256"]) == 64
    assert told["findings"] == []
    assert told["not_run"] == ["G34"]
    assert {"check": "G20", "subject": "table", "status": "proved"} in told["statuses"]
    phone = next(one for one in told["budgets"] if one["category"] == "smartphones")
    assert phone["gap"] == {name: phone[name] - most for name, most in phone["goal"].items()}
    assert phone["sealed"] <= phone["allowed"]["sealed"]
    assert phone["opened"] < phone["longest"]


def test_a_refused_pack_is_shown_with_its_item(run: Run, tmp_path: Path) -> None:
    pack = pack_with(tmp_path, with_file("zone.csv", "R14,B|C", "R14,B"))
    code, out, _ = run("check", pack)
    assert code == 1
    assert out.startswith("G20 zone.csv:1 table no row takes such a unit\n  item    grade=C")
    assert out.endswith(f"{pack}: refused, 2 findings\n")
    told = json.loads(run("check", pack, "--json")[1])
    assert told["ok"] is False
    assert told["findings"][0]["check"] == "G20"
    assert told["findings"][0]["item"] == {"grade": "C", "flags": [], "value": 0}
    assert told["pack"]["sha256"] != default_pack().sha256


def test_findings_are_told_in_russian(run: Run, tmp_path: Path) -> None:
    pack = pack_with(tmp_path, with_file("zone.csv", "R14,B|C", "R14,B"))
    code, out, _ = run("check", pack, "--lang", "ru")
    assert code == 1
    assert out.startswith("G20 zone.csv:1 table ни одна строка не берёт такой товар\n  пример")
    assert "категория" in out
    assert out.splitlines()[-2] == "G34 не проверялось: камеры; дайте --config DIR"
    assert out.endswith(f"{pack}: отклонён, замечаний: 2\n")


def test_a_pack_that_cannot_be_read_is_refused_without_proofs(run: Run, tmp_path: Path) -> None:
    files = with_file("zone.csv", "R18,", "R02,") | {"checklists/x.toml": b"["}
    code, out, _ = run("check", pack_with(tmp_path, files))
    assert code == 1
    assert "checklists/x.toml:1 the file cannot be read" in out
    assert "zone.csv:5 R02 occurs twice" in out
    assert "nothing was proved: the pack cannot be read" in out
    told = json.loads(run("check", tmp_path / "pack", "--json")[1])
    assert (told["pack"], told["proof_sha256"], told["not_run"]) == (None, None, ["proofs"])
    assert (told["statuses"], told["budgets"]) == ([], [])


def test_a_folder_that_is_no_pack_is_said_to_be_none(run: Run, tmp_path: Path) -> None:
    said = f"{tmp_path}: this is no policy pack: the folder has no pack.toml\n"
    assert run("check", tmp_path) == (2, "", said)
    assert run("check", tmp_path / "no", "--lang", "ru") == (
        2,
        "",
        f"{tmp_path / 'no'}: нет такой папки\n",
    )
    told = json.loads(run("check", tmp_path, "--json")[1])
    assert told["ok"] is False
    assert told["error"]["en"] == said.strip()


def test_a_folder_with_a_pipe_is_no_pack(run: Run, tmp_path: Path) -> None:
    pack = pack_with(tmp_path, pack_files())
    (pack / "zone2.csv").symlink_to("/dev/zero")
    code, _, err = run("check", pack)
    assert code == 2
    assert "zone2.csv: leads out of the folder" in err


def test_with_a_configuration_the_cameras_are_checked(run: Run, tmp_path: Path) -> None:
    config = make_config(tmp_path)
    code, out, _ = run("check", DEFAULT, "--config", config, "--json")
    assert (code, json.loads(out)["not_run"]) == (0, [])
    change(config, "devices.toml", ', "tag"]', "]")
    code, out, _ = run("check", DEFAULT, "--config", config)
    assert code == 1
    assert any(line.startswith("G34 checklists/large_appliances.toml") for line in out.splitlines())


def test_a_configuration_that_is_broken_ends_the_check(run: Run, tmp_path: Path) -> None:
    config = make_config(tmp_path)
    change(config, "station.toml", "dup_s =", "dup_ms =")
    code, out, err = run("check", DEFAULT, "--config", config)
    assert (code, out) == (2, "")
    assert err.startswith("station.toml: terminal.dup_ms: unknown key")


def test_check_config_proves_every_pack(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = make_config(tmp_path)
    change(config, "packs/default/zone.csv", "R14,B|C", "R14,B")
    assert main(["check-config", "--config", str(config)]) == 1
    first, *_, last = capsys.readouterr().out.splitlines()
    assert first == (
        "packs/default/zone.csv: line 1: table no row takes such a unit: "
        "rule G20 of policy packs; receiving-edge policy check shows why"
    )
    assert last == f"{config}: 2 problems"


def test_check_config_uses_the_cameras_of_the_station(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = make_config(tmp_path)
    change(config, "devices.toml", ', "tag"]', "]")
    assert main(["check-config", "--config", str(config)]) == 1
    assert "rule G34" in capsys.readouterr().out


@pytest.mark.parametrize("profile", ["demo", "bench", "minimal"])
def test_every_profile_of_init_is_good_with_the_cameras_it_has(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], profile: str
) -> None:
    config = make_config(tmp_path, profile)
    assert main(["check-config", "--config", str(config)]) == 0, capsys.readouterr().out


# ---------------------------------------------------------------- prove


def test_prove_lists_each_proof(run: Run, tmp_path: Path) -> None:
    code, out, _ = run("prove", DEFAULT)
    assert code == 0
    assert "G21 R08: proved" in out.splitlines()
    assert "G34 cameras: not run" in out.splitlines()
    bad = pack_with(tmp_path, with_file("zone.csv", "R14,B|C", "R14,B"))
    code, out, _ = run("prove", bad, "--lang", "ru")
    assert code == 1
    assert "G20 table: отклонено" in out.splitlines()
    assert run("prove", tmp_path)[0] == 2


def test_prove_writes_each_question_for_another_solver(run: Run, tmp_path: Path) -> None:
    code, out, _ = run("prove", DEFAULT, "--dimacs", tmp_path / "cnf")
    paths = sorted((tmp_path / "cnf").iterdir())
    assert code == 0
    assert out.endswith(f"{tmp_path / 'cnf'}: {len(paths)} questions\n")
    assert "G20.cnf" in [path.name for path in paths]
    first = (tmp_path / "cnf" / "G21-R01.cnf").read_text(encoding="ascii").splitlines()
    assert first[0] == "c G21-R01: SATISFIABLE if the pack is good"
    assert first[1].startswith("p cnf ")
    assert len(first) == 2 + int(first[1].split()[3])


# ---------------------------------------------------------------- witness


def test_witness_writes_the_fixtures_of_a_pack(run: Run, tmp_path: Path) -> None:
    code, out, _ = run("witness", DEFAULT, "--out", tmp_path)
    path = tmp_path / "returns-default-1.jsonl"
    lines = path.read_text(encoding="utf-8").splitlines()
    assert code == 0
    assert out == f"{path}: {len(lines) - 1} records, 0 not shown\n"
    assert json.loads(lines[0])["format"] == "fixtures/1"
    code, out, _ = run("witness", DEFAULT, "--out", tmp_path / "other.jsonl", "--lang", "ru")
    assert (tmp_path / "other.jsonl").read_text(encoding="utf-8") == path.read_text(
        encoding="utf-8"
    )
    assert out.endswith("не показано 0\n")


def test_witness_names_what_it_cannot_show(run: Run, tmp_path: Path) -> None:
    dead = with_file("zone.csv", "R17,D", "R98,A,empty & any:wipe,,hold,RTV,review,х,x\nR17,D")
    code, out, _ = run("witness", pack_with(tmp_path, dead), "--out", tmp_path / "f.jsonl")
    assert code == 1
    assert out.splitlines()[0] == "nothing shows: row R98"


def test_witness_needs_a_pack_and_a_place(run: Run, tmp_path: Path) -> None:
    assert run("witness", tmp_path, "--out", tmp_path / "f.jsonl")[0] == 2
    code, _, err = run("witness", DEFAULT, "--out", tmp_path / "no" / "f.jsonl")
    assert (code, "No such file" in err) == (2, True)


# ---------------------------------------------------------------- documentation


def test_the_guide_names_every_verb_and_every_check() -> None:
    guide = (ROOT / "docs" / "policy.md").read_text(encoding="utf-8")
    assert [name for name in POLICY_VERBS if f"`{name} " not in guide] == []
    authors = (ROOT / "docs" / "checklists.md").read_text(encoding="utf-8")
    checks = {item.check for item in prove(default_pack(), frozenset()).statuses}
    assert checks >= {"G20", "G34"}
    assert [check for check in sorted(checks) if check not in authors] == []


def test_the_record_of_the_guide_is_decided(run: Run, tmp_path: Path) -> None:
    guide = (ROOT / "docs" / "policy.md").read_text(encoding="utf-8")
    source = tmp_path / "in.jsonl"
    source.write_text(guide.partition("```json\n")[2].partition("\n```")[0], encoding="utf-8")
    code, out, _ = run("decide", DEFAULT, "--in", source)
    told = json.loads(out)
    assert (code, told["id"], told["row"], told["missing"]) == (0, "RMA-7/1", "R12", [])
