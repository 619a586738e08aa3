"""What every part of the project file shares: frozen, and unknown keys are refused."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Positive = Annotated[float, Field(gt=0)]


NotNegative = Annotated[float, Field(ge=0)]


Share = Annotated[float, Field(gt=0, lt=1)]


class ProjectPart(BaseModel):
    """A part of the project file."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=False, allow_inf_nan=False)
