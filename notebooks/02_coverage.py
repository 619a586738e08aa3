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
# # 覆盖与缺口：谁没有信号？ / Who is not covered?
#
# `siteplan.existing_coverage` computes what the stations on air cover, and the gaps they leave.

# %%
import os

import matplotlib.pyplot as plt
import numpy as np

import siteplan

project = siteplan.open_project(os.environ.get("SITEPLAN_PROJECT", "../data/shaoguan"))
inputs = project.load()
coverage = siteplan.existing_coverage(inputs)
coverage.services

# %% [markdown]
# Probability of basic service by any network, P(RSRP >= T). Empty land has no demand and is no gap.

# %%
grid, inside = inputs.tables.grid, inputs.tables.county_code > 0
west, south, east, north = grid.bounds
picture = np.where(inside, coverage.probability("L1"), np.nan)
plt.figure(figsize=(8, 7))
plt.imshow(picture, extent=(west, east, south, north), vmin=0, vmax=1, cmap="cividis")
plt.colorbar(label="P (L1)")
plt.show()

# %% [markdown]
# 山挡住了哪里？ / What the terrain takes away: covered by buffers on flat land, not covered once the relief is seen.

# %%
target = project.config.coverage.edge_probability_target
plan = project.plan()
empirical = plan.proposal.existing.coverage_empirical
if empirical is not None:
    by_terrain = coverage.probability("L1") >= target
    by_empirical = np.nan_to_num(empirical.values) >= target
    shade = np.where(by_terrain, 1.0, np.where(by_empirical, 2.0, 0.0))
    plt.figure(figsize=(8, 7))
    plt.imshow(np.where(inside, shade, np.nan), extent=(west, east, south, north), cmap="PuRd")
    plt.show()

# %% [markdown]
# How far each band reaches with the mast height of each class, on flat land:

# %%
radii = plan.proposal.existing.radii
radii[["band", "area_class", "antenna_height_m", "formula", "sigma_db", "radius_m"]]

# %%
plt.barh(radii["band"] + " " + radii["area_class"], radii["radius_m"] / 1000)
plt.xlabel("km")
plt.show()

# %% [markdown]
# The largest gaps, and how people without service spread over counties:

# %%
gaps = coverage.gaps()
gaps.drop(columns="geometry").head(10)

# %%
gaps.groupby(["layer", "network", "county"])["people"].sum().unstack("county").fillna(0).round()
