"""A plan: where the stages meet, and what they make together.

In: inputs, a project file, what happened since the last list. Out: a proposal of a few typed parts, its
record, its state as bytes; quota, re-plan, comparison and progress.
"""
