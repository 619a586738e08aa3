"""The file of a province: cities with projects of their own, and a quota they share."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from siteplan.project.part import Positive, ProjectPart, Share

SCHEMA = "siteplan-province/1"


class ProvinceTask(ProjectPart):
    """What the province asks for."""

    name: str = Field(min_length=1)
    year: Annotated[int, Field(ge=2000, le=2100)]
    stations: Annotated[int, Field(ge=0)]
    """Quota of the year for all cities together; what they have built of it counts."""
    gap: Share = 0.005
    """How far from the bound of the whole a split may be without another round."""
    rounds: Annotated[int, Field(ge=1, le=20)] = 3
    """Most prices that are tried."""


class City(ProjectPart):
    """A city of the province."""

    name: str = Field(min_length=1)
    project: str = Field(min_length=1)
    """Folder of its project, from the province's own."""
    stations: Annotated[int, Field(ge=0)] | None = None
    """Its quota, where the province fixes it; None leaves it to the plan."""
    weight: Positive = 1.0
    """What one unit of newly covered weight counts against the other cities'."""


class ProvinceFile(ProjectPart):
    """The whole file."""

    schema_: Literal["siteplan-province/1"] = Field(alias="schema")
    province: ProvinceTask
    cities: Annotated[tuple[City, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _cities_differ(self) -> ProvinceFile:
        names = [city.name for city in self.cities]
        folders = [city.project for city in self.cities]
        for values in (names, folders):
            if len(set(values)) < len(values):
                twice = next(each for each in values if values.count(each) > 1)
                raise PydanticCustomError("city_twice", "{city} stands twice", {"city": twice})
        fixed = sum(city.stations or 0 for city in self.cities)
        if fixed > self.province.stations:
            values_ = {"fixed": fixed, "stations": self.province.stations}
            raise PydanticCustomError("fixed_too_many", "{fixed} of {stations} stations are fixed", values_)
        return self
