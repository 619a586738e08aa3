"""The way in: any table, vector or raster file a county has, checked row by row.

In: files of the project folder. Out: tables in the project CRS with every fault collected, none of them
dropped.
"""
