"""What a notebook, a script and the command line call: a project, its inputs, its plans, its year.

In: a project folder. Out: inputs with their faults, coverage, plans that are written and read back, the round
of a month. What came back is in the journal before anything is planned with it, and a folder appears whole or
not at all.
"""

from siteplan.api.inbox import InboxResult
from siteplan.api.language import free_folder, speak
from siteplan.api.plan import Plan, PlanComparison, compare, read_plan
from siteplan.api.project import (
    Project,
    measurements_input,
    open_project,
    project_of,
    with_propagation,
)
from siteplan.api.province import Province, open_province
from siteplan.api.results import (
    THREADS,
    AreaInputs,
    CalibrationResult,
    CheckReport,
    ExistingCoverage,
    ProgressReport,
    ReturnsResult,
    SplitReport,
    existing_coverage,
    fork_faults,
)
from siteplan.demo import write_cities, write_demo
from siteplan.outputs.templates import DEFAULT_CRS, new_project
from siteplan.planning.province import ProvincePlan

__all__ = [
    "DEFAULT_CRS",
    "THREADS",
    "AreaInputs",
    "CalibrationResult",
    "CheckReport",
    "ExistingCoverage",
    "InboxResult",
    "Plan",
    "PlanComparison",
    "ProgressReport",
    "Project",
    "Province",
    "ProvincePlan",
    "ReturnsResult",
    "SplitReport",
    "compare",
    "existing_coverage",
    "fork_faults",
    "free_folder",
    "measurements_input",
    "new_project",
    "open_project",
    "open_province",
    "project_of",
    "read_plan",
    "speak",
    "with_propagation",
    "write_cities",
    "write_demo",
]
