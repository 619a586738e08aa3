"""Who is served with which probability, now and after.

In: checked inputs, a propagation model's budgets and profiles. Out: demand, masts, outages, the matrix of
what each candidate adds, gaps and indicators.
"""
