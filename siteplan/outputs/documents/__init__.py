"""Documents people sign and hang: report, pages of counties and towns, wall map, site cards, monthly brief.

A document is a tree of plain blocks (:mod:`.blocks`); what it says is written once, and three writers turn it
into Word, PDF and HTML.
"""
