"""Coverage on workers: speed-up, memory, bytes moved, and the same bytes when workers are killed.

    python benchmarks/cluster.py PROJECT [--county NAME] [--workers 1 2 4] [--kills 20] [--rounds 1]

Each line computes the coverage of the network and the columns of all candidates with no footprint kept; the
peer is one worker, and one thread of one process. Starting the workers is told apart: it is paid once a run.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import pickle
import random
import resource
import signal
import tempfile
import threading
import time
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from typing import Any

from siteplan.api import open_project
from siteplan.core.engine import Cluster, cluster, scheduler_of, threads_of
from siteplan.coverage.footprint_cache import FileCache
from siteplan.planning import pipeline
from siteplan.planning.pipeline import AreaRequest
from siteplan.planning.replan import ReplanContext


def held_mib() -> float:
    """Memory a process holds, pages of files left out where the system tells them apart [MiB]."""
    status = Path("/proc/self/status")
    if status.exists():
        fields = dict(line.split(":", 1) for line in status.read_text().splitlines() if ":" in line)
        return int(fields["RssAnon"].split()[0]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


class Weighed(Cluster):
    """A cluster that weighs what comes back."""

    received = 0

    def _first_answer(self, *given: Any) -> Any:
        result = super()._first_answer(*given)
        self.received += len(pickle.dumps(result, protocol=5))
        return result


class Killer(threading.Thread):
    """Ends a random worker every so often, the given number of times."""

    def __init__(self, client: Any, kills: int, every_s: float, seed: int = 0) -> None:
        super().__init__(daemon=True)
        self.client, self.kills, self.every_s, self.done = client, kills, every_s, 0
        self.draw, self.over = random.Random(seed), threading.Event()

    def run(self) -> None:
        """Until as many are ended as were asked for, or the work is over."""
        while self.done < self.kills and not self.over.wait(self.every_s):
            pids = sorted(nanny.pid for nanny in self.client.cluster.workers.values() if nanny.pid)
            if pids:
                os.kill(self.draw.choice(pids), signal.SIGKILL)
                self.done += 1


def measured(opened: Any, inputs: Any, workers: int, kills: int = 0, every_s: float = 3.0) -> dict[str, Any]:
    """Coverage and columns once; 0 workers is one thread of this process."""
    with ExitStack() as stack, tempfile.TemporaryDirectory() as folder:
        map_fn: Any = stack.enter_context(threads_of(1))
        begun, killer = time.perf_counter(), None
        if workers:
            where = scheduler_of(f"local:{workers}")
            threads = map_fn
            opened_now = stack.enter_context(cluster(where, Path(folder) / "shared", threads))
            map_fn = Weighed(opened_now._client, opened_now.shared, threads, workers)
        ready = time.perf_counter()
        if kills:
            killer = Killer(map_fn._client, kills, every_s)
            killer.start()
        cache = stack.enter_context(FileCache(Path(folder) / "cache.sqlite", 8192))
        prepared, _ = pipeline.prepare(
            inputs, opened.config, AreaRequest(), ReplanContext(), cache=cache, map_fn=map_fn
        )
        seconds = time.perf_counter() - ready
        found: dict[str, Any] = {"seconds": seconds, "start": ready - begun, "kills": 0}
        if killer is not None:
            killer.over.set()
            killer.join()
            found["kills"] = killer.done
        if workers:
            found["memory"] = max(map_fn._client.run(held_mib).values())
            found["blocks"], found["twice"] = map_fn.blocks, map_fn.twice
            found["bytes"] = map_fn.received
        problem, outage = prepared.problem, prepared.existing.outage.by_node
        whole = hashlib.sha256(outage.tobytes())
        for part in (problem.indptr, problem.rows, problem.values, problem.weight):
            whole.update(part.tobytes())
        found |= {"digest": whole.hexdigest()[:16], "masts": len(prepared.existing.masts)}
        found["options"] = problem.columns
        return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("project", type=Path)
    parser.add_argument("--county")
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2, 4])
    parser.add_argument("--kills", type=int, default=0)
    parser.add_argument("--every", type=float, default=3.0)
    parser.add_argument("--rounds", type=int, default=1)
    asked = parser.parse_args()
    opened = open_project(asked.project)
    inputs = pipeline.load(opened.data, opened.config, asked.county)
    lines = {n: [measured(opened, inputs, n) for _ in range(asked.rounds)] for n in (0, *asked.workers)}
    own = lines[0][0]
    one = median(each["seconds"] for each in lines.get(1, lines[0]))
    print(f"{own['masts']:,} masts, {own['options']:,} options; digest {own['digest']}")
    for workers, rounds in lines.items():
        seconds = median(each["seconds"] for each in rounds)
        same = all(each["digest"] == own["digest"] for each in rounds)
        text = f"{workers} workers" if workers else "one thread"
        text = f"{text:<12}{seconds:7.1f} s  {one / seconds:5.2f} x  start {rounds[0]['start']:.1f} s"
        if workers:
            moved = rounds[0]["bytes"] / (own["masts"] + own["options"]) / 1024
            text += f"  {rounds[0]['memory']:,.0f} MiB a worker  {moved:,.0f} KiB a mast or option"
        print(f"{text}  {'same bytes' if same else 'OTHER BYTES'}")
    if asked.kills:
        each = measured(opened, inputs, max(asked.workers), asked.kills, asked.every)
        same = each["digest"] == own["digest"]
        print(f"{each['kills']} kills: {each['seconds']:.1f} s, {'same bytes' if same else 'OTHER BYTES'}")


if __name__ == "__main__":
    main()
