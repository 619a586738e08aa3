"""Choosing sites: maximal covering under quotas, with a rank order and a proven upper bound.

Symbols, used alike in every module of this room::

    i  demand row (pixel x service), weight w_i = weight x uncovered share before
    j  column: one band set of one network at one place; stations s_j
    p  place; columns of one place share shadowing, so within a place the best column counts
    a_ij in [0, 1]  share of row i that column j newly covers

    maximise  f(S) = sum_i w_i (1 - prod_p (1 - max_{j in S, j at p} a_ij))
    subject to  sum_{j in S, j in cap} s_j <= limit   for every cap (city, county, county x network ...)
                at most one column of a group (place x network), no two places in conflict

f is monotone and submodular. Beside caps there are minima, budgets, locks and minima of villages; all of
them are inside the problem. What is covered already is ``base_value`` and never inside objective, bound or
gap. A `Selection` carries prices that prove its bound; :func:`check` reads them without the solver.
"""

from siteplan.selection.certificate import CertificateCheck, check, price_bound
from siteplan.selection.fewest import Curve, coverage_curve, select_fewest
from siteplan.selection.kept import digest_of, packed, unpacked
from siteplan.selection.problem import (
    CUT_SHORT,
    Cap,
    Certificate,
    CoverageMinimum,
    CoverProblem,
    Selection,
    Village,
    covered_shares,
    objective_of,
    relative_gap,
)
from siteplan.selection.rank import ranked, stations_after
from siteplan.selection.shared_quota import (
    Offer,
    Part,
    PartAnswer,
    SharedBound,
    SharedSelection,
    Solve,
    answer_of,
    merged_ranks,
    offer_of,
    priced_answer,
    priced_problem,
    share,
    shared_bound,
    split_by_gains,
)
from siteplan.selection.solve import quick, select, solved
from siteplan.selection.solver import Answer, Solver, StopCriteria

__all__ = [
    "CUT_SHORT",
    "Answer",
    "Cap",
    "Certificate",
    "CertificateCheck",
    "CoverProblem",
    "CoverageMinimum",
    "Curve",
    "Offer",
    "Part",
    "PartAnswer",
    "Selection",
    "SharedBound",
    "SharedSelection",
    "Solve",
    "Solver",
    "StopCriteria",
    "Village",
    "answer_of",
    "check",
    "coverage_curve",
    "covered_shares",
    "digest_of",
    "merged_ranks",
    "objective_of",
    "offer_of",
    "packed",
    "price_bound",
    "priced_answer",
    "priced_problem",
    "quick",
    "ranked",
    "relative_gap",
    "select",
    "select_fewest",
    "share",
    "shared_bound",
    "solved",
    "split_by_gains",
    "stations_after",
    "unpacked",
]
