"""Faults planted in copies of a project."""
