"""Other processes in tests: any of them may end between two looks."""

import contextlib
from collections.abc import Iterable, Iterator

import psutil


def kill(processes: Iterable[psutil.Process]) -> None:
    """SIGKILL to those that still run."""
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()


def users(processes: Iterable[psutil.Process]) -> set[str]:
    """Names of the users as whom they run; those that ended meanwhile are left out."""
    names = set()
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            names.add(process.username())
    return names


def children(pid: int, names: set[str] | None = None) -> list[psutil.Process]:
    """All that ``pid`` started, directly or not; only the named programs where any are named."""
    chosen = []
    for process in psutil.Process(pid).children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess):
            if names is None or process.name() in names:
                chosen.append(process)
    return chosen


@contextlib.contextmanager
def frozen(pid: int) -> Iterator[None]:
    """A process and all it started do nothing inside the block, as on a machine that swaps."""
    hung = [psutil.Process(pid), *children(pid)]
    for process in hung:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.suspend()
    try:
        yield
    finally:
        for process in hung:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.resume()
