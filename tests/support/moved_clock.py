"""A wall clock that can be moved under one running program: nobody else's clock is touched.

Every call of clock_gettime(CLOCK_REALTIME) in that program gets seconds added that lie in a file.
"""

import mmap
import shutil
import struct
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Final, Self

COMPILER: Final = shutil.which("cc")
_SECONDS: Final = struct.Struct("@q")
_SOURCE: Final = """
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

static int (*real)(clockid_t, struct timespec *);
static volatile long long *moved;

__attribute__((constructor)) static void find(void) {
    real = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
    int file = open(getenv("MOVED_CLOCK"), O_RDONLY | O_CLOEXEC);
    void *page = mmap(NULL, sizeof *moved, PROT_READ, MAP_SHARED, file, 0);
    if (page != MAP_FAILED) moved = page;
    close(file);
}

int clock_gettime(clockid_t clock, struct timespec *out) {
    if (!real) find();
    int failed = real(clock, out);
    if (!failed && clock == CLOCK_REALTIME && moved) out->tv_sec += *moved;
    return failed;
}
"""


class MovedClock:
    """Such a clock; `env` is what a program is started with that shall have it."""

    def __init__(self, folder: Path) -> None:
        library, seconds = folder / "moved_clock.so", folder / "moved_clock"
        assert COMPILER is not None, "needs a C compiler"
        command = [COMPILER, "-shared", "-fPIC", "-x", "c", "-", "-o", str(library), "-ldl"]
        subprocess.run(command, input=_SOURCE, text=True, check=True)
        seconds.write_bytes(_SECONDS.pack(0))
        self._file = seconds.open("r+b")
        self._page = mmap.mmap(self._file.fileno(), _SECONDS.size)
        self.env = {"LD_PRELOAD": str(library), "MOVED_CLOCK": str(seconds)}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._page.close()
        self._file.close()

    def move(self, seconds: int) -> None:
        """Have the wall clock be so far from the right time, from now on."""
        self._page[:] = _SECONDS.pack(seconds)
