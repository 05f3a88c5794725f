"""The defaults of this standard by release context: stricter freely, laxer only with a written reason.

The law sets no number; the basis of each is in the clause that uses it (D-06, I5-01).
"""

from __future__ import annotations

from collections.abc import Mapping

CONTEXTS = ("public", "contract", "on-site")
"""Release contexts from the strictest to the laxest."""

K: Mapping[str, int] = {"public": 11, "contract": 5, "on-site": 3}
"""The smallest number of persons that share a combination of quasi-identifiers."""

RISK: Mapping[str, float] = {context: 1 / k for context, k in K.items()}
"""The greatest chance of finding a known person by drawing from those who look alike: 0.09, 0.20 and 0.33."""

INFERENCE: Mapping[str, float] = RISK
"""How much more often a guess of a value may be right than one from everybody: no more than finding the person gives."""

DIMENSIONS = 32
"""So many numbers of a person without a unit are a template or an embedding of a body."""

SNPS = 40
"""Places of single nucleotide polymorphisms from which on a genotype authenticates a person (guideline)."""

LOCI = 9
"""Loci of short tandem repeats from which on a profile authenticates a person (guideline)."""

FACILITIES = 3
"""The smallest number of facilities that a combination of their attributes fits (F-02)."""

RARE_SHARE = 1 / 10_000
"""Diseases of a smaller share of the reference population are rare, wherever the data are released to (I4-07)."""
