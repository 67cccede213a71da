"""`doctor focus` over a real camera process that looks at pictures."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from config_folder import make_config
from edge.cli import main
from mjpeg import drawn


def looked(tmp_path: Path, picture: np.ndarray) -> int:
    cv2.imwrite(str(tmp_path / "card.png"), picture)
    config = make_config(tmp_path)
    devices = config / "devices.toml"
    lines = devices.read_text("utf-8").splitlines()
    source = f'source = "{tmp_path / "card.png"}"'
    lines = [source if line.startswith("source =") else line for line in lines]
    devices.write_text("\n".join(lines) + "\n", "utf-8")
    return main(["doctor", "focus", "top", "--config", str(config), "--data", str(tmp_path)])


def test_a_sharp_card_in_good_light_gives_the_line_for_the_configuration(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert looked(tmp_path, drawn(("QRCode", "focus"))) == 0
    said = capsys.readouterr().out.splitlines()
    assert said[1] == "[camera.top]"
    key, _, value = said[2].partition(" = ")
    assert key == "sharpness_card"
    assert int(value) > 100


def test_a_dark_mat_without_a_card_is_said_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert looked(tmp_path, np.full((720, 1280, 3), 9, np.uint8)) == 1
    said = capsys.readouterr().out
    assert "too dark" in said
    assert "is the card on the mat?" in said
    assert "sharpness_card" not in said


def test_another_name_is_no_camera(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = make_config(tmp_path)
    assert main(["doctor", "focus", "hand-1", "--config", str(config)]) == 2
    assert "no such camera" in capsys.readouterr().err
