"""Working days: mainland China's published calendar, or Monday to Friday where none is published."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import chinese_calendar
import numpy as np

from siteplan.core.errors import SiteplanError

_ONE = dt.timedelta(days=1)


@dataclass(frozen=True)
class WorkCalendar:
    """Working days of a span of days.

    Attributes
    ----------
    first, last
        The span; dates beyond it are an error.
    basis
        ``china`` or ``weekdays``.

    Examples
    --------
    >>> calendar = WorkCalendar(dt.date(2023, 1, 1), dt.date(2023, 12, 31), "china")
    >>> calendar.after(dt.date(2023, 9, 28), 1)  # the holidays end on 6 October, the 7th is worked
    datetime.date(2023, 10, 7)
    >>> calendar.between(dt.date(2023, 9, 28), dt.date(2023, 10, 8))
    2
    """

    first: dt.date
    last: dt.date
    basis: Literal["china", "weekdays"] = "weekdays"

    @cached_property
    def unpublished(self) -> tuple[int, ...]:
        """Years of the span whose calendar is not published: their weekdays count."""
        if self.basis == "weekdays":
            return ()
        years = range(self.first.year, self.last.year + 1)
        return tuple(year for year in years if not _is_published(year))

    @cached_property
    def _worked(self) -> np.ndarray:
        """Working days up to and including each day of the span."""
        days = (self.last - self.first).days + 1
        return np.cumsum([self._is_workday(self.first + n * _ONE) for n in range(days)])

    def _is_workday(self, day: dt.date) -> bool:
        if self.basis == "weekdays" or day.year in self.unpublished:
            return day.weekday() < 5
        return bool(chinese_calendar.is_workday(day))

    def _at(self, day: dt.date) -> int:
        if not self.first <= day <= self.last:
            raise SiteplanError("beyond_calendar", date=str(day), first=str(self.first), last=str(self.last))
        return int(self._worked[(day - self.first).days])

    def after(self, day: dt.date, working_days: int) -> dt.date:
        """The day so many working days after another one; 0 is the day itself."""
        if working_days == 0:
            return day
        target = self._at(day) + working_days
        position = int(np.searchsorted(self._worked, target))
        if position == len(self._worked):
            raise SiteplanError("beyond_calendar", date=str(day), first=str(self.first), last=str(self.last))
        return self.first + position * _ONE

    def before(self, day: dt.date, working_days: int) -> dt.date:
        """Latest day from which so many working days lead no further than a day; 0 is the day itself."""
        if working_days == 0:
            return day
        target = self._at(day) - working_days
        later = int(np.searchsorted(self._worked, target, side="right"))
        if later == 0:
            raise SiteplanError("beyond_calendar", date=str(day), first=str(self.first), last=str(self.last))
        return self.first + (later - 1) * _ONE

    def between(self, day: dt.date, other: dt.date) -> int:
        """Working days after one day up to and including another; negative where that lies before it."""
        return self._at(other) - self._at(day)


def _is_published(year: int) -> bool:
    try:
        chinese_calendar.is_workday(dt.date(year, 6, 1))
    except NotImplementedError:
        return False
    return True


def month_ends(first: dt.date, last: dt.date) -> Sequence[dt.date]:
    """Last day of every month from one day to another; the last one ends on that day itself."""
    ends = []
    day = first
    while day <= last:
        following = (day.replace(day=1) + dt.timedelta(days=32)).replace(day=1)
        ends.append(min(following - _ONE, last))
        day = following
    return ends
