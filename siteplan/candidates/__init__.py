"""Who may be a site, of which source, and why not.

In: inputs, demand, outages, what the journal adds up to. Out: every place considered, refused ones with the
key of their rule.
"""
