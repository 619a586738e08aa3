"""The project file and the registries that describe data.

In: ``project.toml`` and ``calibration.toml``. Out: a checked, frozen configuration; columns of every table;
the one table of statuses.
"""
