"""Cells to columns.

In: records with headers. Out: columns with their kinds, numbers, dates, angles and coordinates, rejected
rows as faults.
"""
