"""Still pictures for phones and reports.

In: a plan in words, or a calibration. Out: PNG.
"""
