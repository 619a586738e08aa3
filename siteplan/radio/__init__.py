"""Path loss and link budgets, each formula used only inside its published range.

In: distances, heights, frequencies, profiles. Out: losses [dB], thresholds, footprints of one mast over
terrain.
"""
