"""Files for GIS, CAD and phone maps.

In: a plan in words, redacted where it leaves the office. Out: GeoPackage, GeoTIFF, KMZ, Shapefile, MapInfo,
GeoJSON, DXF, text.
"""
