"""The policy gate's process: one request on stdin, one answer on stdout, within limits.

Started as `python -P -m edge.feeds.gate_process`; what it judges can at worst end this process.
"""

import json
import os
import resource
import sys
from typing import Final

from edge.feeds.activation import judge
from edge.feeds.judgement import GateRequest, Limits
from edge.records import from_json, to_json

MIB: Final = 1024 * 1024
FILE_MB_MAX: Final = 64
NICE: Final = 10  # scans go first


def main() -> None:
    """Judge one pack."""
    request = from_json(GateRequest, json.load(sys.stdin))
    _limit(request.limits)
    answer = judge(request)
    sys.stdout.write(json.dumps(to_json(answer), ensure_ascii=False))


def _limit(limits: Limits) -> None:
    os.nice(NICE)
    for what, most in (
        (resource.RLIMIT_CPU, limits.cpu_s),
        (resource.RLIMIT_AS, limits.memory_mb * MIB),
        (resource.RLIMIT_FSIZE, FILE_MB_MAX * MIB),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(what, (most, most))


if __name__ == "__main__":
    main()
