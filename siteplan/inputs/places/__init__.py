"""Columns to places.

In: columns with coordinates or addresses. Out: points in the project CRS: datum by evidence, addresses by the
project's own names, doubts between rows and tables.
"""
