"""How long an operator waits: scan to view (and so to stored), scan to order accepted.

A view is sent after the commit, so scan to view bounds scan to stored from above.

A whole simulated station runs (`receiving-edge demo --headless`): bytes on the scanner's
pseudo-terminal, real broker, real Modbus server, real terminal socket. All times are
CLOCK_MONOTONIC of one machine. The floor is simulated; the station is not.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from _scan_latency import scan_latencies

UNITS_A_SECOND = 0.5  # the calm operator waits for idle devices before each tray
P99_MS = 20.0
FULL = 0.85  # of a core: what the camera's worker must want, the rest it waits for a picture
ROWS = (
    ("scan -> stored and view read at the socket", "scan_view_ms"),
    ("tray scan -> order accepted or seq_seen, device idle", "scan_order_ms"),
    ("tray scan -> order, the leg had to wait", "waited_ms"),
)


def run(seconds: float) -> list[dict[str, Any]]:
    """Run the demo for about so long; rows of name, n, p50_ms, p99_ms, max_ms."""
    units = max(20, int(seconds * UNITS_A_SECOND))
    with tempfile.TemporaryDirectory(prefix="latency-") as folder:
        command = [str(Path(sys.executable).with_name("receiving-edge")), "demo", "--headless"]
        command += ["--units", str(units), "--seed", "7", "--json", "--calm", "--run", folder]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        said = json.loads((Path(folder) / "operator.json").read_text(encoding="utf-8"))
    rows = [_row(name, said.get(key, [])) for name, key in ROWS]
    alone, _ = scan_latencies(seconds / 2, with_camera=False)
    loaded, load = scan_latencies(seconds, with_camera=True)
    loaded_row = _row("scanner's last byte -> journalled, camera at full load", loaded)
    shares = {"camera_cores": round(load.worked, 2), "camera_wants": round(load.wanted, 2)}
    return [
        *rows,
        _row("scanner's last byte -> journalled (heard as the tone)", alone),
        {**loaded_row, **shares},
        {
            "name": "bar: p99 ms beside the camera",
            "got": loaded_row["p99_ms"],
            "bar": P99_MS,
            "holds": loaded_row["p99_ms"] <= P99_MS,
        },
        {
            "name": "bar: of a core wanted by the camera",
            "got": shares["camera_wants"],
            "bar": FULL,
            "holds": load.wanted >= FULL,
        },
    ]


def _row(name: str, values: list[float]) -> dict[str, Any]:
    ranked = sorted(values)
    if not ranked:
        return {"name": name, "n": 0}
    return {
        "name": name,
        "n": len(ranked),
        "p50_ms": round(ranked[len(ranked) // 2], 2),
        "p99_ms": round(ranked[min(len(ranked) - 1, int(0.99 * len(ranked)))], 2),
        "max_ms": round(ranked[-1], 2),
    }
