"""Workbooks.

In: a plan in words, faults, progress, returned rows. Out: XLSX in which text is never a formula.
"""
