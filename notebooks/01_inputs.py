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
# `project.load` reads and checks every table of a project. What is wrong is a *fault* with file, row, column and
# remedy; a rejected row is listed, never dropped in silence. Set `SITEPLAN_PROJECT` to your folder.

# %%
import os

import matplotlib.pyplot as plt
import pandas as pd

import siteplan

project = siteplan.open_project(os.environ.get("SITEPLAN_PROJECT", "../data/shaoguan"))
inputs = project.load()
pd.DataFrame([vars(source) for source in inputs.tables.sources])[
    ["name", "file", "read", "rejected", "synthetic"]
]

# %% [markdown]
# Faults in the project's language, first warnings, then rejected rows (an empty list is good news):

# %%
for fault in inputs.faults[:20]:
    print(f"{fault.severity}: {fault}")

# %% [markdown]
# Everything in one picture: if points lie outside the counties by 500-600 m, the datum is wrong.

# %%
axes = inputs.counties.boundary.plot(color="black", linewidth=0.8, figsize=(8, 8))
layers = {"villages": "tab:green", "stations": "tab:blue", "properties": "tab:purple"}
for name, colour in layers.items():
    table = getattr(inputs, name)
    if table is not None:
        table.plot(ax=axes, color=colour, markersize=2, label=f"{name} ({len(table)})")
axes.legend()
axes.set_axis_off()
plt.show()
