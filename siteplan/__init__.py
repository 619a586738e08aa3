"""siteplan: from a county's own files to ranked 5G base-station sites and an offline map.

The public names are loaded when they are first used, so that importing the package costs nothing. Nothing
here knows a city: every place is data.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from siteplan.core.version import VERSION

if TYPE_CHECKING:
    from siteplan.api import (
        AreaInputs,
        CalibrationResult,
        CheckReport,
        ExistingCoverage,
        InboxResult,
        Plan,
        PlanComparison,
        ProgressReport,
        Project,
        Province,
        ReturnsResult,
        SplitReport,
        compare,
        existing_coverage,
        new_project,
        open_project,
        open_province,
        read_plan,
        write_demo,
    )
    from siteplan.api.documents import DocumentOrder, Written, brief, cards, report, wallmap
    from siteplan.core.errors import SiteplanError

__version__ = VERSION
__all__ = [
    "AreaInputs",
    "CalibrationResult",
    "CheckReport",
    "DocumentOrder",
    "ExistingCoverage",
    "InboxResult",
    "Plan",
    "PlanComparison",
    "ProgressReport",
    "Project",
    "Province",
    "ReturnsResult",
    "SiteplanError",
    "SplitReport",
    "Written",
    "brief",
    "cards",
    "compare",
    "existing_coverage",
    "new_project",
    "open_project",
    "open_province",
    "read_plan",
    "report",
    "wallmap",
    "write_demo",
]


def __getattr__(name: str) -> Any:
    """Load a public name when it is first asked for."""
    if name not in __all__:
        raise AttributeError(f"module 'siteplan' has no attribute {name!r}")
    if name == "SiteplanError":
        from siteplan.core.errors import SiteplanError  # noqa: PLC0415

        return SiteplanError
    from siteplan import api  # noqa: PLC0415

    if not hasattr(api, name):  # documents bring a typesetter along, which nothing else needs
        from siteplan.api import documents  # noqa: PLC0415

        return getattr(documents, name)
    return getattr(api, name)


def __dir__() -> list[str]:
    return sorted(__all__)
