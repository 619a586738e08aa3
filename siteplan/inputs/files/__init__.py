"""Bytes to cells.

In: files of any kind a county has. Out: records of cells or features with their sheet and row; what is
hostile is refused.
"""
