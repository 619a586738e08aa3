# ---
# jupyter:
#   jupytext:
#     formats: ipynb,py:percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 数据体检：输入能不能用？ / Are the inputs fit for a plan?
#
# `pipeline.load` reads every table of a project through the door. What is wrong is a *fault* with file, row,
# column and remedy; a rejected row is listed, never dropped in silence. Set `SITEPLAN_PROJECT` to your folder.

# %%
import os
from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd

from siteplan.core.errors import summarise
from siteplan.planning import pipeline
from siteplan.project.project_file import load_config

folder = Path(os.environ.get("SITEPLAN_PROJECT", "../data/shaoguan"))
config = load_config(folder)
inputs = pipeline.load(folder, config)
pd.DataFrame([vars(source) for source in inputs.sources])[["name", "file", "read", "rejected", "synthetic"]]

# %% [markdown]
# Faults, one line a kind (an empty list is good news):

# %%
summarise(inputs.faults, "zh")

# %% [markdown]
# Everything in one picture: if points lie outside the counties by 500-600 m, the datum is wrong.

# %%
axes = inputs.area.boundary.plot(color="black", linewidth=0.8, figsize=(8, 8))
layers = [("villages", "tab:green"), ("stations", "tab:blue"), ("properties", "tab:purple")]
for name, colour in layers:
    table = getattr(inputs, name)
    if table is not None:
        table.plot(ax=axes, color=colour, markersize=2, label=f"{name} ({len(table)})")
axes.legend()
axes.set_axis_off()
plt.show()
