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
# `pipeline.run` gives a `Proposal`: ranked places, the curve of covered weight with its proven bound, and what each
# county and layer gained.

# %%
import os
from pathlib import Path

import matplotlib.pyplot as plt

from siteplan.planning import pipeline
from siteplan.project.project_file import load_config

folder = Path(os.environ.get("SITEPLAN_PROJECT", "../data/shaoguan"))
config = load_config(folder)
proposal, _ = pipeline.run(pipeline.load(folder, config), config)
proposal.places.proposed[["rank", "candidate_id", "name", "networks", "bands", "stations", "reason"]].head(10)

# %% [markdown]
# The first k of the list are a good k; nothing can lie above the bound.

# %%
curve = proposal.places.curve
plt.plot(curve["stations"], curve["cumulative_gain"], label="ranked list")
plt.plot(curve["stations"], curve["upper_bound"], "--", label="proven bound")
plt.xlabel("stations")
plt.ylabel("newly covered weight")
plt.legend()
plt.show()

# %% [markdown]
# By layer and by county:

# %%
proposal.effects.layers

# %%
proposal.effects.counties

# %% [markdown]
# Why not the others? Every refused place carries its rule.

# %%
refused = proposal.places.candidates[proposal.places.candidates["status"] == "EXCLUDED"]
refused[["candidate_id", "name", "county", "rule"]].head(10)
