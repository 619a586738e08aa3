"""Where blocks of work run: in threads of this process, or on the workers of a Dask cluster.

Nothing else in the package knows Dask. Both have the signature of the builtin ``map`` and give results in the
order of the blocks, so that what is made of them does not depend on who computed it. On a cluster a task
lies in a folder that all see, and blocks go out a few at a time. A block whose worker is lost is computed
again; one that takes far longer than others goes to a second worker too, and the first answer counts: both
are the same.
"""

from __future__ import annotations

import asyncio
import logging
import pickle
import shutil
import sys
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import CancelledError, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import lru_cache, partial
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Any

from siteplan.core.errors import SiteplanError
from siteplan.core.files import write_atomic
from siteplan.core.progress import SILENT, Report
from siteplan.core.version import VERSION

Answer = Callable[[], Any]
Client = Any
Future = Any
"""Of Dask, which is imported when somebody asks for a cluster and has no types of its own."""
LOCAL = "local"
ALLOWED_LOSSES = 30
"""Workers that may be lost under one block before it is given up: it may be the block that kills them."""
_PER_WORKER = 2
"""Blocks a worker thread has in hand, so that it never waits for the next."""
_LOOK_S, _ALONE_S = 2.0, 120.0
"""How often workers are counted while one is waited for, and how long nobody may be there [s]."""
_ENVIRONMENT = {"OMP_NUM_THREADS": 1, "MKL_NUM_THREADS": 1, "OPENBLAS_NUM_THREADS": 1}
"""Of workers started here. Dask's own also gives every freed page back at once, a third of the time."""
_SLOW_TIMES, _SLOW_LEAST_S = 5.0, 20.0
"""A block is slow when it takes so many times the median of the others, and so long [s]."""


@dataclass(frozen=True)
class Scheduler:
    """Where a cluster is.

    Attributes
    ----------
    address
        Of a running scheduler, such as ``tcp://host:8786``; "" for workers on this machine.
    workers
        Processes to start on this machine; 0 with an address.
    """

    address: str
    workers: int


def scheduler_of(text: str) -> Scheduler:
    """Read ``local:N`` or an address.

    Raises
    ------
    SiteplanError
        If it is neither.

    Examples
    --------
    >>> scheduler_of("local:4"), scheduler_of("tcp://10.0.0.7:8786").address
    (Scheduler(address='', workers=4), 'tcp://10.0.0.7:8786')
    """
    kind, _, rest = text.partition(":")
    if kind == LOCAL and rest.isdigit() and 1 <= int(rest) <= 1024:
        return Scheduler("", int(rest))
    if "://" in text and rest.strip("/"):
        return Scheduler(text, 0)
    raise SiteplanError("bad_scheduler", value=text)


class Threads:
    """Blocks beside each other in threads of this process; called like the builtin ``map``, and as lazy.

    Parameters
    ----------
    pool
        The threads.
    ahead
        Blocks in hand at once, so that results never pile up in memory.
    """

    def __init__(self, pool: ThreadPoolExecutor, ahead: int) -> None:
        self._pool, self._ahead = pool, ahead

    def __call__(self, function: Callable[[Any], Any], blocks: Iterable[Any]) -> Iterator[Any]:
        """Results in the order of the blocks."""
        waiting: deque[Answer] = deque()
        for block in blocks:
            waiting.append(self.submit(function, block))
            if len(waiting) >= self._ahead:
                yield waiting.popleft()()
        while waiting:
            yield waiting.popleft()()

    def submit(self, function: Callable[[Any], Any], block: Any) -> Answer:
        """Begin a block; calling what comes back waits for its result."""
        return self._pool.submit(function, block).result


class Cluster:
    """Workers that take blocks; called like the builtin ``map``.

    Parameters
    ----------
    client
        Connected to a scheduler.
    shared
        Folder that every worker sees; tasks are left there, so that a lost worker takes nothing with it.
    threads
        Do what needs no work to speak of, in this process.
    workers
        Processes of this machine that are kept running; 0 for those of others.
    """

    def __init__(self, client: Client, shared: Path, threads: Threads, workers: int = 0) -> None:
        self._client, self.shared, self._threads = client, shared, threads
        self._workers = workers
        self._alone_since: float | None = None
        self._seconds: list[float] = []
        self._tasks = 0
        self.blocks, self.here, self.twice = 0, 0, 0

    def __call__(self, function: Callable[[Any], Any], blocks: Iterable[Any]) -> Iterator[Any]:
        """Results in the order of the blocks.

        A function may say with ``is_kept(block)`` that a block needs no work to speak of; it is done here.

        Raises
        ------
        SiteplanError
            If a block keeps killing workers, or the scheduler is lost; what was done is kept.
        """
        from distributed import KilledWorker  # noqa: PLC0415 - only who plans on a cluster has it

        waiting: deque[Answer] = deque()
        task = self._left_for_workers(function)
        try:
            for block in blocks:
                waiting.append(self._begun(function, task, block))
                if len(waiting) >= self._room():
                    yield waiting.popleft()()
            while waiting:
                yield waiting.popleft()()
        except KilledWorker as error:
            raise SiteplanError("cluster_block_lost", losses=ALLOWED_LOSSES) from error
        except (asyncio.CancelledError, CancelledError, OSError) as error:
            raise SiteplanError("cluster_lost", detail=str(error)[:200]) from error

    def _left_for_workers(self, function: Callable[[Any], Any]) -> Path:
        """The file a task is read from by every worker, once."""
        self._tasks += 1
        path = self.shared / f"task-{self._tasks}.pickle"
        write_atomic(path, pickle.dumps(function))
        return path

    def _room(self) -> int:
        return _PER_WORKER * max(sum(self._client.nthreads().values()), 1)

    def _begun(self, function: Callable[[Any], Any], task: Path, block: Any) -> Answer:
        """Begin a block on a worker, or here when there is nothing to compute."""
        is_kept = getattr(function, "is_kept", None)
        if is_kept is not None and is_kept(block):
            self.here += 1
            return self._threads.submit(function, block)
        self.blocks += 1
        return partial(self._first_answer, task, block, self._sent(task, block))

    def _sent(self, task: Path, block: Any) -> Future:
        return self._client.submit(_worked, str(task), block, pure=False)

    def _first_answer(self, task: Path, block: Any, future: Future) -> Any:
        """Answer of a worker, or of a second one where the first is far slower than the others were."""
        patience = max(_SLOW_LEAST_S, _SLOW_TIMES * median(self._seconds or [_SLOW_LEAST_S]))
        futures = [future]
        if not self._is_answered(futures, patience):
            self.twice += 1
            futures.append(self._sent(task, block))
            self._is_answered(futures, float("inf"))
        first = next(each for each in futures if each.done())
        for each in futures:
            if each is not first:
                each.cancel()
        seconds, result = self._fetched(first)
        self._seconds.append(seconds)
        return result

    def _fetched(self, future: Future) -> Any:
        """Result of an answer; computed again where the worker that holds it is lost before it is sent."""
        while True:
            try:
                return future.result(timeout=_LOOK_S)
            except TimeoutError:
                if future.status == "error":
                    raise
                self._look_after_workers()

    def _is_answered(self, futures: Sequence[Future], seconds: float) -> bool:
        """Wait for the first of some answers, never for workers that are not there."""
        import distributed  # noqa: PLC0415

        wait: Any = distributed.wait
        ends = time.monotonic() + seconds
        while not any(each.done() for each in futures):
            left = ends - time.monotonic()
            if left <= 0.0:
                return False
            with suppress(TimeoutError):
                wait(futures, timeout=min(left, _LOOK_S), return_when="FIRST_COMPLETED")
            self._look_after_workers()
        return True

    def _look_after_workers(self) -> None:
        """Start workers of one's own again that are gone for good, and say so when nobody is there at all."""
        there = len(self._client.nthreads())
        if there < self._workers:
            self._client.cluster.scale(self._workers)
        if there:
            self._alone_since = None
        elif self._alone_since is None:
            self._alone_since = time.monotonic()
        elif time.monotonic() - self._alone_since > _ALONE_S:
            raise SiteplanError("cluster_lost", detail=f"no worker for {_ALONE_S:.0f} s")


@lru_cache(maxsize=2)
def _task_of(path: str) -> Callable[[Any], Any]:
    """On a worker: a task, read once."""
    return pickle.loads(Path(path).read_bytes())


def _worked(path: str, block: Any) -> tuple[float, Any]:
    """On a worker: seconds, and the result."""
    started = time.monotonic()
    result = _task_of(path)(block)
    return time.monotonic() - started, result


@contextmanager
def threads_of(count: int) -> Iterator[Threads]:
    """Threads of this process for the time of a run."""
    with ThreadPoolExecutor(count) as pool:
        yield Threads(pool, 2 * count)


def shared_folder(map_fn: object) -> Path | None:
    """Folder that other processes read from; None where all work is done in this one."""
    return map_fn.shared if isinstance(map_fn, Cluster) else None


@contextmanager
def cluster(
    scheduler: Scheduler,
    shared: Path,
    threads: Threads,
    *,
    worker_mib: float = 2048.0,
    report: Report = SILENT,
) -> Iterator[Cluster]:
    """A cluster for the time of a run.

    Parameters
    ----------
    scheduler
        Where it is; workers of this machine are started and stopped.
    shared
        Folder every worker sees; made, and removed at the end.
    threads
        Do in this process what an earlier run kept.
    worker_mib
        Memory of each worker started here [MiB].
    report
        Is told the number of workers and the address of the dashboard.

    Raises
    ------
    SiteplanError
        If Dask is not installed, nobody answers, a worker does not see the folder, or has other versions.
    """
    try:
        import distributed  # noqa: PLC0415 - an extra
    except ModuleNotFoundError as error:
        raise SiteplanError("cluster_not_installed") from error
    import dask  # noqa: PLC0415 - comes with it

    logging.getLogger("distributed").setLevel(logging.CRITICAL)
    settings = {
        "distributed.scheduler.allowed-failures": ALLOWED_LOSSES,
        "distributed.nanny.pre-spawn-environ": _ENVIRONMENT,
    }
    shared.mkdir(parents=True, exist_ok=True)
    try:
        with dask.config.set(settings), _client(distributed, scheduler, worker_mib) as client:
            _require_alike(client, shared)
            workers = len(client.nthreads())
            report.result("cluster_ready", workers=workers, address=client.dashboard_link or "-")
            yield Cluster(client, shared, threads, scheduler.workers)
    finally:
        shutil.rmtree(shared, ignore_errors=True)


@contextmanager
def _client(distributed: Any, scheduler: Scheduler, worker_mib: float) -> Iterator[Client]:
    """A client of a scheduler that runs, or of one started here."""
    if not scheduler.address:
        with (
            distributed.LocalCluster(
                n_workers=scheduler.workers,
                threads_per_worker=1,
                processes=True,
                memory_limit=f"{worker_mib:.0f}MiB",
                dashboard_address="127.0.0.1:0",
                silence_logs=logging.CRITICAL,
            ) as started,
            distributed.Client(started) as client,
        ):
            yield client
        return
    try:
        client = distributed.Client(scheduler.address, timeout=10)
    except (OSError, ValueError) as error:
        raise SiteplanError("cluster_unreachable", address=scheduler.address) from error
    with client:
        if not client.nthreads():
            raise SiteplanError("cluster_empty", address=scheduler.address)
        yield client


def _require_alike(client: Client, shared: Path) -> None:
    """Same versions on every worker, or results would differ; and all see the folder."""
    own = _versions()
    seen = client.run(_seen, str(shared))
    for worker, (versions, folder) in sorted(seen.items()):
        if versions != own:
            other = ", ".join(f"{name} {versions[name]}" for name in own if versions[name] != own[name])
            raise SiteplanError("cluster_versions", worker=worker, value=other)
        if not folder:
            raise SiteplanError("cluster_folder", worker=worker, folder=str(shared))


def _versions() -> dict[str, str]:
    """What decides the bytes of a result."""
    python = ".".join(map(str, sys.version_info[:2]))
    return {"siteplan": VERSION, "python": python} | {name: version(name) for name in ("numpy", "numba")}


def _seen(folder: str) -> tuple[dict[str, str], bool]:
    return _versions(), Path(folder).is_dir()
