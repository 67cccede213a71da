"""The recorded past of a journal under a candidate: folded here, or by two processes when long.

Each process folds slices of its own and hands back sums. `python -m edge.commands.policy.history`
is such a process: a task on standard input, lines of progress and the sums on standard output.
"""

import json
import selectors
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import IO, Any, Final

from edge.commands.policy.recorded import AnswersFold, VerdictFold
from edge.feeds.pack_folder import read_pack
from edge.journal.reader import Reader
from edge.journal.rows import JournalBrokenError
from zoning.findings import PolicyParseError
from zoning.pack import Pack, load_pack
from zoning.replay.tally import Tally

PROCESSES: Final = 2
ALONE_MAX: Final = 20_000  # verdicts that are folded in less time than two processes start
SLICE_SEQUENCES: Final = 50_000
_ENDED: Final = '{"error": "a process has ended early"}'

Tell = Callable[[int], None]


class HistoryError(Exception):
    """The past cannot be read: the reason."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What one process folds: slices of sequences, both ends included. Paths as text."""

    journal: str
    candidate: str
    packs: str
    level: int
    limit: int
    slices: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """What is rehearsed: the pack of a folder; `packs` = those of the past by digest."""

    pack: Pack
    packs: Mapping[str, Pack]


def kept_packs(folder: Path) -> dict[str, Pack]:
    """Return the packs of a folder by content digest; one that does not load is left out."""
    found: dict[str, Pack] = {}
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        if not path.is_dir() or path.name.startswith("."):
            continue
        try:
            pack = load_pack(read_pack(path))
        except (PolicyParseError, OSError):
            continue
        found[pack.sha256] = pack
    return found


def fold(task: Task, candidate: Candidate, first_seq: int, tell: Tell) -> Tally:
    """Return the sums of all verdicts from `first_seq` on. Raises HistoryError.

    `tell` gets the number of units done so far, now and then. The journal is opened for reading
    only and for half a second at a time; a service may write to it.
    """
    try:
        with Reader(Path(task.journal)) as reader:
            last_seq = reader.last_seq()
            count = reader.count_verdicts(first_seq, last_seq)
    except JournalBrokenError as error:
        raise HistoryError(str(error)) from error
    begins = range(first_seq, last_seq + 1, SLICE_SEQUENCES)
    slices = tuple((at, min(at + SLICE_SEQUENCES - 1, last_seq)) for at in begins)
    if count <= ALONE_MAX:
        return work(replace(task, slices=slices), candidate, tell)
    return _by_processes(task, slices, tell)


def work(task: Task, candidate: Candidate, tell: Tell) -> Tally:
    """Fold the slices of a task in this process. Raises HistoryError."""
    done = 0
    try:
        with Reader(Path(task.journal)) as reader:
            level = VerdictFold if task.level == 1 else AnswersFold
            folded = level(candidate.pack, candidate.packs, task.limit, reader)
            for first_seq, last_seq in task.slices:
                for seq, body in reader.verdicts(first_seq, last_seq):
                    folded.add(seq, body)
                    done += 1
                tell(done)
    except (JournalBrokenError, ValueError) as error:
        raise HistoryError(str(error)) from error
    return folded.tally


# ---------------------------------------------------------------- processes


def _by_processes(task: Task, slices: tuple[tuple[int, int], ...], tell: Tell) -> Tally:
    """Deal the slices out in turns, so that all have about as much to do."""
    tasks = [replace(task, slices=slices[at::PROCESSES]) for at in range(PROCESSES)]
    workers = [_started(one) for one in tasks]
    try:
        tallies = list(_answers(workers, tell))
    finally:
        for worker in workers:
            worker.kill()
            worker.wait()
            for stream in (worker.stdin, worker.stdout):
                if stream is not None:
                    stream.close()
    merged = Tally(limit=task.limit)
    for tally in tallies:
        merged.merge(tally)
    return merged


def _started(task: Task) -> "subprocess.Popen[str]":
    command = [sys.executable, "-P", "-m", "edge.commands.policy.history"]
    worker = subprocess.Popen(  # noqa: S603 - this module
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert worker.stdin is not None, "it was asked for"
    worker.stdin.write(json.dumps(asdict(task)))
    worker.stdin.close()
    return worker


def _answers(workers: Iterable["subprocess.Popen[str]"], tell: Tell) -> Iterator[Tally]:
    """Yield what each process hands back; progress on the way. Raises HistoryError."""
    done: dict[int, int] = {}
    with selectors.DefaultSelector() as waiting:
        for at, worker in enumerate(workers):
            assert worker.stdout is not None, "it was asked for"
            waiting.register(worker.stdout, selectors.EVENT_READ, at)
        while waiting.get_map():
            for key, _ in waiting.select():
                line = key.fileobj.readline()  # type: ignore[union-attr]
                said: dict[str, Any] = json.loads(line or _ENDED)
                if "error" in said:
                    raise HistoryError(said["error"])
                if "tally" in said:
                    waiting.unregister(key.fileobj)
                    yield Tally.from_json(said["tally"])
                    continue
                done[key.data] = said["done"]
                tell(sum(done.values()))


def main(given: IO[str], out: IO[str]) -> int:
    """Do one task as a process of its own."""

    def say(line: Mapping[str, Any]) -> None:
        print(json.dumps(line), file=out, flush=True)

    told = json.load(given)
    task = Task(**{**told, "slices": tuple((a, b) for a, b in told["slices"])})
    try:
        pack = load_pack(read_pack(Path(task.candidate)))
        candidate = Candidate(pack=pack, packs=kept_packs(Path(task.packs)))
        tally = work(task, candidate, lambda done: say({"done": done}))
    except (HistoryError, PolicyParseError, OSError) as error:
        say({"error": str(error)})
        return 1
    say({"tally": tally.to_json()})
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.stdin, sys.stdout))
