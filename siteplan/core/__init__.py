"""What every room stands on: errors, pixels, units, files, progress.

In: nothing of siteplan. Out: exceptions and faults as keys and values, grids, decibels, atomic writes and
locks, the protocol of progress.
"""
