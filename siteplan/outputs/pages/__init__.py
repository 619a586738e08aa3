"""Pages of text and tables from templates that escape everything.

In: what a check or a calibration found. Out: one HTML file each that opens without a network.
"""
