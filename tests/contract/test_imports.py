"""The import contracts hold, and each of them breaks when a forbidden import is planted."""

import configparser
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[2]
PACKAGES: Final = ("edge", "drivers", "zoning", "sim")
# contract, module that gets the import, the import
PLANTS: Final = (
    ("top", "drivers/errors.py", "import edge.records"),
    ("edge", "edge/records.py", "import edge.views"),
    ("drivers", "drivers/errors.py", "import drivers.clock"),
    ("zoning", "zoning/model.py", "import zoning.findings"),
    ("acyclic", "edge/events/scan.py", "import edge.events.kinds"),
    ("pure", "edge/station/legs.py", "import os"),
    ("terminal", "edge/terminal/app.py", "import edge.catalogue"),
    ("ports", "edge/intake.py", "import drivers.wire"),
    ("homes", "edge/intake.py", "import sqlite3"),
    ("camera-process", "edge/intake.py", "import drivers.camera.worker"),
    ("sim", "sim/__init__.py", "import zoning"),
    ("nosim", "edge/intake.py", "import sim"),
)


def lint(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [
        sys.executable,
        "-P",
        "-c",
        "from importlinter.cli import lint_imports_command as m; m()",
    ]
    return subprocess.run(
        [*command, "--config", ".importlinter", "--no-cache", "--no-logo", *words],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=25,
        check=False,
    )


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    for name in PACKAGES:
        shutil.copytree(
            ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__", "*.mo")
        )
    shutil.copyfile(ROOT / ".importlinter", tmp_path / ".importlinter")
    return tmp_path


def test_every_contract_holds() -> None:
    result = lint(ROOT)
    assert result.returncode == 0, result.stdout[-3000:] + result.stderr


def test_every_contract_has_a_plant() -> None:
    contracts = configparser.ConfigParser()
    contracts.read(ROOT / ".importlinter", encoding="utf-8")
    names = [name.rpartition(":")[2] for name in contracts.sections() if "contract" in name]
    assert names == [contract for contract, _, _ in PLANTS]


@pytest.mark.parametrize(("contract", "file", "line"), PLANTS, ids=[plant[0] for plant in PLANTS])
def test_a_planted_import_breaks_its_contract(
    copy: Path, contract: str, file: str, line: str
) -> None:
    path = copy / file
    path.write_text(f"{path.read_text(encoding='utf-8')}\n{line}\n", encoding="utf-8")
    result = lint(copy, "--contract", contract)
    assert result.returncode == 1
    assert "0 kept, 1 broken" in result.stdout, result.stdout[-2000:]


def test_a_module_without_a_layer_breaks_the_contract(copy: Path) -> None:
    (copy / "edge" / "stranger.py").write_text('"""No layer holds this."""\n')
    result = lint(copy, "--contract", "edge")
    assert result.returncode == 1
    assert "stranger" in result.stdout
