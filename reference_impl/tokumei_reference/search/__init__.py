"""Optimal generalization over the distinct combinations of a table. Pure: a table in, levels out."""

from tokumei_reference.search.distinct import Combinations, scan
from tokumei_reference.search.hierarchy import Hierarchy, UnknownValue
from tokumei_reference.search.lattice import Found, Node, TooLarge, search
from tokumei_reference.search.local import Recoding, recode
from tokumei_reference.search.loss import Metric
from tokumei_reference.search.requirement import Requirement

__all__ = [
    "Combinations",
    "Found",
    "Hierarchy",
    "Metric",
    "Node",
    "Recoding",
    "Requirement",
    "TooLarge",
    "UnknownValue",
    "recode",
    "scan",
    "search",
]
