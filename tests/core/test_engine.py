"""Blocks of work on workers: the order of the blocks, whoever is lost on the way."""

from __future__ import annotations

import os
import pickle
import signal
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from worlds.sky import sky_of
from worlds.terrain_world import GRID, following, hills, mast, terrain_on
from worlds.workers import DiesOnce, Naps, Poisoned, SlowOnce, Square

from siteplan.core import engine
from siteplan.core.engine import Cluster, Threads, cluster, scheduler_of, shared_folder, threads_of
from siteplan.core.errors import SiteplanError
from siteplan.coverage.footprint_cache import MemoryCache
from siteplan.coverage.ground import stored_ground
from siteplan.coverage.matrix import (
    BLOCK,
    TILE_M,
    BlockColumns,
    BlockOutage,
    Upgrade,
    blocks_of,
    outage_by_node,
)
from siteplan.coverage.propagation import Mast
from siteplan.coverage.terrain import TerrainModel
from siteplan.project.project_file import load_config

pytest.importorskip("distributed")


@pytest.fixture(scope="module")
def workers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    shared = tmp_path_factory.mktemp("shared")
    with threads_of(2) as threads, cluster(scheduler_of("local:2"), shared, threads) as opened:
        yield opened


@pytest.fixture
def others(workers: Cluster, tmp_path: Path) -> Cluster:
    """The same workers with fresh counts."""
    shared = tmp_path / "tasks"
    shared.mkdir()
    return Cluster(workers._client, shared, workers._threads, 2)


@pytest.mark.parametrize(
    "text", ["", "local", "local:0", "local:two", "local:-1", "8786", "tcp://", "local:1.5"]
)
def test_a_scheduler_is_a_number_of_processes_or_an_address(text: str) -> None:
    with pytest.raises(SiteplanError) as error:
        scheduler_of(text)
    assert error.value.key == "bad_scheduler"


def test_threads_are_lazy_and_keep_the_order() -> None:
    begun: list[int] = []

    def blocks() -> Iterator[int]:
        for number in range(100):
            begun.append(number)
            yield number

    with threads_of(2) as threads:
        assert isinstance(threads, Threads)
        results = threads(abs, blocks())
        assert next(results) == 0
        assert len(begun) < 10
        assert list(results) == list(range(1, 100))
    assert shared_folder(threads) is None


def test_results_come_in_the_order_of_the_blocks_and_what_was_kept_is_done_here(others: Cluster) -> None:
    results = list(others(Square(), range(20)))
    assert [square for square, _ in results] == [number**2 for number in range(20)]
    here = [process == os.getpid() for _, process in results]
    assert here == [number % 2 == 0 for number in range(20)]
    assert (others.blocks, others.here) == (10, 10)


def test_twenty_lost_workers_change_nothing(others: Cluster, tmp_path: Path) -> None:
    deadly = tuple(range(0, 60, 3))
    assert list(others(DiesOnce(tmp_path, deadly), range(60))) == [number**2 for number in range(60)]
    assert sorted(int(path.name) for path in tmp_path.iterdir() if path.is_file()) == list(deadly)


def test_workers_that_are_gone_for_good_are_started_again(others: Cluster) -> None:
    """Ended while they start, again and again, Dask gives them up."""
    cluster, over, ended = others._client.cluster, threading.Event(), []

    def end_workers() -> None:
        while len(ended) < 8 and not over.wait(0.7):
            pids = [nanny.pid for nanny in cluster.workers.values() if nanny.pid]
            for pid in pids:
                os.kill(pid, signal.SIGKILL)
            ended.extend(pids)

    killer = threading.Thread(target=end_workers, daemon=True)
    killer.start()
    try:
        assert list(others(Naps(), range(12))) == [number**2 for number in range(12)]
    finally:
        over.set()
        killer.join()
    assert ended


def test_nobody_there_is_an_error(others: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "_ALONE_S", 0.0)
    monkeypatch.setattr(others._client, "nthreads", dict)
    monkeypatch.setattr(others, "_workers", 0)
    others._look_after_workers()
    with pytest.raises(SiteplanError) as error:
        others._look_after_workers()
    assert error.value.key == "cluster_lost"


def test_a_block_that_kills_its_workers_ends_in_words(
    others: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    scheduler = others._client.cluster.scheduler
    monkeypatch.setattr(scheduler, "allowed_failures", 1)
    with pytest.raises(SiteplanError) as error:
        list(others(Poisoned(5), range(8)))
    assert error.value.key == "cluster_block_lost"
    assert list(others(Poisoned(99), range(8))) == list(range(8))


def test_a_slow_block_goes_to_a_second_worker(
    others: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "_SLOW_LEAST_S", 0.5)
    monkeypatch.setattr(others, "_seconds", [0.01])
    assert list(others(SlowOnce(tmp_path, 2), range(6))) == list(range(6))
    assert others.twice >= 1


def test_a_worker_with_another_version_is_refused(others: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "VERSION", "0.0.0")
    with pytest.raises(SiteplanError) as error:
        engine._require_alike(others._client, others.shared)
    assert error.value.key == "cluster_versions"


def test_a_folder_that_workers_do_not_see_is_refused(others: Cluster, tmp_path: Path) -> None:
    with pytest.raises(SiteplanError) as error:
        engine._require_alike(others._client, tmp_path / "elsewhere")
    assert error.value.key == "cluster_folder"


def test_nobody_at_an_address_is_said(tmp_path: Path) -> None:
    with (
        pytest.raises(SiteplanError) as error,
        threads_of(1) as threads,
        cluster(scheduler_of("tcp://127.0.0.1:9"), tmp_path / "shared", threads),
    ):
        pass
    assert error.value.key == "cluster_unreachable"
    assert not (tmp_path / "shared").exists()


# --- coverage ---------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def config(shared_world):
    return following(load_config(shared_world))


def named_mast(site_id: str, east: float, north: float, bands: tuple[str, ...] = ("high",)) -> Mast:
    return replace(mast(bands, east, north), site_id=site_id)


def test_the_tree_depends_on_the_masts_alone() -> None:
    masts = [named_mast(f"S{(7 * i) % 100:03d}", 400.0 * (i % 10), TILE_M * (i // 50)) for i in range(100)]
    order = np.random.default_rng(3).permutation(100)
    named = [[masts[p].site_id for p in block] for block in blocks_of(masts)]
    mixed = [masts[p] for p in order]
    assert named == [[mixed[p].site_id for p in block] for block in blocks_of(mixed)]
    assert sorted(position for block in blocks_of(masts) for position in block) == list(range(100))
    assert max(map(len, named)) == BLOCK


def shared_model(config, folder: Path, cache=None) -> TerrainModel:
    model = terrain_on(config, hills())
    return TerrainModel(config, model.services, stored_ground(model.ground, folder), model.points, cache)


@pytest.mark.long_without_jit
def test_workers_give_the_very_bytes_and_hand_over_what_they_computed(config, others: Cluster) -> None:
    masts = [named_mast(f"S{i}", 2_000 + 300 * i, 3_000 + 100 * i, ("high", "low")) for i in range(5)]
    alone, cache = terrain_on(config, hills()), MemoryCache()
    shared = shared_model(config, others.shared, cache)
    sky = sky_of(alone)
    here, there = (
        outage_by_node(masts, model, GRID, sky, map_fn) for model, map_fn in ((alone, map), (shared, others))
    )
    np.testing.assert_array_equal(here.by_node, there.by_node)
    assert others.blocks == 1
    assert all(shared.is_kept(each, GRID) for each in masts)
    list(others(BlockOutage(shared, GRID, sky), [masts]))
    assert (others.blocks, others.here) == (1, 1)
    assert [shared.radius_limited(each) for each in masts] == [alone.radius_limited(each) for each in masts]


@pytest.mark.long_without_jit
def test_columns_of_options_are_the_very_same(config, others: Cluster) -> None:
    upgrades = [Upgrade(named_mast(f"N{i}", 2_500 + 200 * i, 4_000), ("low",)) for i in range(4)]
    pixels = np.arange(0, GRID.width * GRID.height, 7)
    mask = np.zeros(GRID.shape, dtype=bool)
    mask.ravel()[pixels] = True
    alone, shared = terrain_on(config, hills()), shared_model(config, others.shared)
    sky, services = sky_of(alone), len(alone.services)
    rows = np.arange(services * len(pixels), dtype=np.int32).reshape(services, -1)
    wanted = np.ones(rows.size * len(sky.node), dtype=bool)
    here, there = (
        next(iter(map_fn(BlockColumns(model, GRID, sky, mask, pixels, rows, wanted), [upgrades]))).columns
        for model, map_fn in ((alone, map), (shared, others))
    )
    assert sum(len(values) for _, values in here) > 0
    for one, other in zip(here, there, strict=True):
        np.testing.assert_array_equal(one[0], other[0])
        np.testing.assert_array_equal(one[1], other[1])


def test_a_model_whose_ground_lies_nowhere_is_not_sent(config) -> None:
    with pytest.raises(TypeError):
        pickle.dumps(terrain_on(config, hills()))
