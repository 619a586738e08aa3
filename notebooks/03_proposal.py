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
# # 读懂方案：为什么是这些点？ / Why these sites?
#
# `project.plan` gives a `Plan`: ranked places, the curve of covered weight with its proven bound, and what each
# county and layer gained. Nothing is written until `plan.write`.

# %%
import os
import tempfile
from pathlib import Path

import matplotlib.pyplot as plt

import siteplan

project = siteplan.open_project(os.environ.get("SITEPLAN_PROJECT", "../data/shaoguan"))
plan = project.plan()
plan.sites[["rank", "candidate_id", "name", "networks", "bands", "stations", "people_newly_covered"]].head(10)

# %% [markdown]
# The first k of the list are a good k; nothing can lie above the bound.

# %%
plt.plot(plan.curve["stations"], plan.curve["cumulative_gain"], label="ranked list")
plt.plot(plan.curve["stations"], plan.curve["upper_bound"], "--", label="proven bound")
plt.xlabel("stations")
plt.ylabel("newly covered weight")
plt.legend()
plt.show()

# %%
plan.record.objective, plan.bound, plan.record.optimality_gap

# %% [markdown]
# By layer and by county:

# %%
plan.proposal.effects.layers

# %%
plan.proposal.effects.counties

# %% [markdown]
# Why not the others? Every refused place carries its rule, as a key with values; files say it in words.

# %%
refused = plan.candidates[plan.candidates["status"] == "EXCLUDED"]
refused[["candidate_id", "name", "county", "rule"]].head(10)

# %% [markdown]
# Written out, a plan is a folder of lists, maps and layers; reading it back gives an equal plan.

# %%
with tempfile.TemporaryDirectory() as scratch:
    folder = plan.write(Path(scratch) / "plan", lang="en")
    print(sorted(path.name for path in folder.iterdir()))
    print(siteplan.read_plan(folder) == plan)
