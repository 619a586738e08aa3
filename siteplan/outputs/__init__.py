"""The way out: a plan into the files people open. Pure writers: nothing is computed here.

In: a plan, a language, an audience. Out: files in a folder that becomes visible only when all of them are
done.
"""
