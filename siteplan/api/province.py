"""A province: cities with projects of their own, planned under one quota."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from siteplan.api.language import free_folder, speak
from siteplan.api.project import Project, as_of, open_project, stations_of, without_targets
from siteplan.api.results import CACHE, REGISTRY, THREADS
from siteplan.core.errors import SiteplanError
from siteplan.core.files import read_registry
from siteplan.core.progress import SILENT, Report
from siteplan.outputs.province import write_overview
from siteplan.planning import pipeline
from siteplan.planning.neighbours import with_neighbours
from siteplan.planning.pipeline import AreaRequest
from siteplan.planning.province import (
    CityPlan,
    CitySolver,
    PreparedCity,
    ProvincePlan,
    city_plan,
    close_pairs,
    left_on_disk,
    ranked_sites,
    stations_at_most,
)
from siteplan.planning.replan import ReplanContext
from siteplan.project.project_file import load_province
from siteplan.project.province import City, ProvinceFile
from siteplan.selection import Part, share
from siteplan.words.catalogue import Lang

_NEAR_DEG = 1.0
"""Farther apart than this no station of one city is heard in another [deg]."""


@dataclass(frozen=True)
class Province:
    """Cities that share a quota.

    Attributes
    ----------
    folder
        Has ``province.toml``.
    rules
        Its content.
    language
        Of outputs and messages.
    """

    folder: Path
    rules: ProvinceFile
    language: Lang

    def project_of(self, city: City) -> Project:
        """The project of a city."""
        return open_project(self.folder / city.project, language=self.language)

    def plan(
        self,
        *,
        threads: int = THREADS,
        scheduler: str | None = None,
        folder: Path | None = None,
        report: Report = SILENT,
    ) -> ProvincePlan:
        """Split the quota and plan every city within its part; plans are written as they are ready.

        A city that cannot be planned is named with its reason, and the others share the quota.

        Parameters
        ----------
        threads, scheduler
            As in :meth:`siteplan.api.Project.plan`.
        folder
            For the overview; None takes a free name under ``runs``.
        report
            Is told which city is at work.

        Returns
        -------
        ProvincePlan
            With the bound of the whole, and one ranked list of all cities.

        Raises
        ------
        SiteplanError
            If no city at all can be planned, or the folder cannot be written.
        """
        target = free_folder(self.folder / "runs", self.rules.province.name) if folder is None else folder
        if target.exists():
            raise SiteplanError("folder_exists", path=str(target))
        near = self._near(report)
        with self._problems() as problems:
            prepared, failures = self._prepared(problems, near, threads, scheduler, report)
            plan = self._planned(prepared, failures, near, threads, scheduler, report)
        write_overview(plan, target, self.language)
        report.result("province_written", folder=str(target))
        return plan

    @contextmanager
    def _problems(self) -> Iterator[Path]:
        """A folder for problems while they are solved."""
        folder = self.folder / CACHE.parent / "problems"
        folder.mkdir(parents=True, exist_ok=True)
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def _near(self, report: Report) -> dict[str, tuple[str, ...]]:
        """By city, folders of the others whose stations may reach it; those that cannot be read are none."""
        bounds: dict[str, NDArray[np.float64]] = {}
        for city in self.rules.cities:
            folder = str(self.folder / city.project)
            try:
                with report.stage("load"):
                    tables = stations_of((folder,), self.language, report)
            except SiteplanError as error:
                report.result("province_neighbour_failed", city=city.name, reason=str(error))
                continue
            if tables:
                stations = next(iter(tables.values())).to_crs("EPSG:4326")
                bounds[folder] = np.asarray(stations.total_bounds)
        found = {}
        for city in self.rules.cities:
            own = str(self.folder / city.project)
            others = {folder: there for folder, there in bounds.items() if folder != own}
            found[city.name] = tuple(
                folder for folder, there in others.items() if own not in bounds or _meet(bounds[own], there)
            )
        return found

    def _prepared(
        self,
        problems: Path,
        near: Mapping[str, tuple[str, ...]],
        threads: int,
        scheduler: str | None,
        report: Report,
    ) -> tuple[list[PreparedCity], dict[str, SiteplanError]]:
        """Every city's problem on disk, and why others have none."""
        found, failures = [], {}
        for number, city in enumerate(self.rules.cities):
            report.result("province_city", city=city.name, number=number + 1, count=len(self.rules.cities))
            file = problems / f"{number}.problem"
            try:
                found.append(self._ready(city, near[city.name], file, threads, scheduler, report))
            except SiteplanError as error:
                failures[city.name] = error
                report.result("province_city_failed", city=city.name, reason=str(error))
        if not found:
            reasons = "; ".join(f"{city}: {error}" for city, error in failures.items())
            raise SiteplanError("province_nothing", name=self.rules.province.name, reasons=reasons)
        return found, failures

    def _ready(
        self,
        city: City,
        near: tuple[str, ...],
        file: Path,
        threads: int,
        scheduler: str | None,
        report: Report,
    ) -> PreparedCity:
        """A city's covering problem under a quota of the whole."""
        project = self.project_of(city)
        status = project.field_status()
        config = without_targets(as_of(project.config, status))
        with report.stage("load"):
            inputs = pipeline.load(project.data, config, None, report)
            inputs = with_neighbours(inputs, config, stations_of(near, self.language, report))
        with project.workplace(config, threads, scheduler, report) as (map_fn, cache):
            request = AreaRequest(
                self.rules.province.year,
                self.rules.province.stations,
                ids=read_registry(project.folder / REGISTRY),
            )
            ready, _ = pipeline.prepare(
                inputs, config, request, ReplanContext(status), cache=cache, map_fn=map_fn, report=report
            )
        return PreparedCity(
            name=city.name,
            config=config,
            weight=city.weight,
            built=ready.ledger.built,
            most=stations_at_most(ready.problem),
            problem=left_on_disk(ready.problem, file),
            cache=project.folder / CACHE,
        )

    def _planned(
        self,
        prepared: list[PreparedCity],
        failures: dict[str, SiteplanError],
        near: Mapping[str, tuple[str, ...]],
        threads: int,
        scheduler: str | None,
        report: Report,
    ) -> ProvincePlan:
        """The split, and a plan of every city within its part."""
        task, by_name = self.rules.province, {city.name: city for city in self.rules.cities}
        kept_back = sum(by_name[name].stations or 0 for name in failures)  # what is fixed stays its city's
        limit = max(0, task.stations - kept_back - sum(city.built for city in prepared))
        parts = []
        for city in prepared:
            fixed = by_name[city.name].stations
            own = None if fixed is None else min(max(0, fixed - city.built), city.most)
            parts.append(Part(city.weight, min(city.most, limit), own))
        with report.stage("shared_quota"):
            shared = share(
                parts, limit, CitySolver(prepared, limit, report), gap=task.gap, rounds=task.rounds
            )
            report.note("province_gap", gap=100.0 * shared.gap)
        plans = {
            city.name: self._city_planned(
                by_name[city.name], near[city.name], stations + city.built, threads, scheduler, report
            )
            for city, stations in zip(prepared, shared.stations, strict=True)
        }
        plans |= {
            name: CityPlan(name, None, None, _NO_SITES, None, str(error)) for name, error in failures.items()
        }
        weights = {city.name: city.weight for city in prepared}
        cities = tuple(plans[city.name] for city in self.rules.cities)
        sites = ranked_sites(cities, weights)
        told = dict.fromkeys(city.record.synthetic for city in cities if city.record is not None)
        return ProvincePlan(
            name=task.name,
            year=task.year,
            stations=task.stations,
            shared=shared,
            weights=weights,
            cities=cities,
            sites=sites,
            close_pairs=close_pairs(sites),
            synthetic="；".join(text for text in told if text),
        )

    def _city_planned(
        self,
        city: City,
        near: tuple[str, ...],
        quota: int,
        threads: int,
        scheduler: str | None,
        report: Report,
    ) -> CityPlan:
        """A city's own plan within its part, written to its own folder."""
        report.result("province_city_plan", city=city.name, stations=quota)
        project = self.project_of(city)
        planned = project.plan(
            year=self.rules.province.year,
            quota=quota,
            neighbours=near,
            as_one=True,
            threads=threads,
            scheduler=scheduler,
            report=report,
        )
        run = planned.write(report=report)
        return city_plan(city.name, run, planned.proposal)


def _meet(one: NDArray[np.float64], other: NDArray[np.float64]) -> bool:
    """Whether two boxes of degrees come nearer to each other than any mast reaches."""
    gap = np.maximum(one[:2] - other[2:], other[:2] - one[2:])
    return bool((gap < _NEAR_DEG).all())


_NO_SITES = ranked_sites((), {})


def open_province(folder: Path | str, language: str = "zh") -> Province:
    """Read a province's file.

    Parameters
    ----------
    folder
        With ``province.toml``.
    language
        ``"zh"`` or ``"en"``.

    Raises
    ------
    ConfigError
        With everything that is wrong in the file.
    """
    return Province(Path(folder), load_province(Path(folder)), speak(language))
