# ---
# jupyter:
#   jupytext:
#     formats: ipynb,py:percent
#     text_representation:
#       extension: .py
#       format_name: percent
#       format_version: '1.3'
#       jupytext_version: 1.19.6
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 覆盖与缺口：谁没有信号？ / Who is not covered?
#
# `pipeline.prepare` runs everything up to the covering problem: what the existing network leaves uncovered, the
# gaps, the candidates of all source_types.

# %%
import os
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

from siteplan.planning import pipeline
from siteplan.project.project_file import load_config

folder = Path(os.environ.get("SITEPLAN_PROJECT", "../data/shaoguan"))
config = load_config(folder)
inputs = pipeline.load(folder, config)
ready, _ = pipeline.prepare(inputs, config)

# %% [markdown]
# Probability of basic service by any network, P(RSRP >= T). Empty land has no demand and is no gap.

# %%
inside = inputs.county_code > 0
west, south, east, north = inputs.grid.bounds
picture = np.where(inside, 1 - ready.before[0], np.nan)
plt.figure(figsize=(8, 7))
plt.imshow(picture, extent=(west, east, south, north), vmin=0, vmax=1, cmap="cividis")
plt.colorbar(label="P (L1)")
plt.show()

# %% [markdown]
# 山挡住了哪里？ / What the terrain takes away: covered by flat buffers, not covered once the DEM is seen.

# %%
if ready.flat is not None:
    target = config.coverage.edge_probability_target
    by_empirical, by_terrain = 1 - ready.flat[0] >= target, 1 - ready.before[0] >= target
    shade = np.where(by_terrain, 1.0, np.where(by_empirical, 2.0, 0.0))
    plt.figure(figsize=(8, 7))
    plt.imshow(np.where(inside, shade, np.nan), extent=(west, east, south, north), cmap="PuRd")
    plt.show()

# %% [markdown]
# Probability against distance: this is all the buffer level knows, and what open ground keeps. Each colour is one band in one class.

# %%
layer = config.layers[0]
for band in config.bands:
    for each in config.area_classes:
        mast = ready.propagation.budgets.margin(band.id, each.id, each.antenna_height_m, layer)
        plt.plot(np.arange(len(mast)) / 100, mast, label=f"{band.id} {each.id}", linewidth=0.9)
plt.axhline(0, color="black", linewidth=0.5)
plt.xlim(0, 8)
plt.ylim(-4, 8)
plt.xlabel("km")
plt.ylabel("(median - T) / sigma")
plt.legend(fontsize=6)
plt.show()

# %% [markdown]
# The largest gaps, and how people without service spread over counties:

# %%
ready.gaps.drop(columns="geometry").head(10)

# %%
ready.gaps.groupby(["layer", "network", "county"])["people"].sum().unstack("county").fillna(0).round()
