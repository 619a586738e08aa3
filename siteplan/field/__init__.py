"""What comes back from the field and what it adds up to.

In: forms, exports of the map and KMZ that came back, the list that is out. Out: verdicts on every row,
events of the journal, the status of every place.
"""
