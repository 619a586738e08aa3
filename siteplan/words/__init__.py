"""Every word a person reads, in Chinese and English.

In: a key and values. Out: a sentence. Nothing else in the package holds sentences; ``outputs`` and ``cli``
ask for them when they write.
"""
