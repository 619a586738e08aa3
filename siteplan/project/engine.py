"""The project file's part on where propagation is computed."""

from __future__ import annotations

from pydantic import Field

from siteplan.project.part import Positive, ProjectPart


class EngineRules(ProjectPart):
    """Workers that compute footprints; results do not depend on them."""

    scheduler: str = Field(default="", pattern=r"^(local:[1-9][0-9]{0,3}|[a-z]+://\S+)?$")
    """``local:N`` for N processes here, a Dask scheduler's address, or "" for threads of this process."""
    worker_memory_mib: Positive = 2048.0
    """Memory of a worker started here [MiB]."""
    shared_folder: str = ""
    """Folder that workers on other machines see under the same name; "" is the project's own cache."""
