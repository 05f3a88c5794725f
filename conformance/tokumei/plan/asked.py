"""Variants of what is asked of a product that obeys."""

from __future__ import annotations

import copy

from tokumei.declarations import Processing


def without_minimum(processing: Processing) -> Processing:
    """The same processing without a minimum number of persons; unchanged where nothing else would be asked."""
    document = copy.deepcopy(dict(processing.document))
    document["targets"] = [t for t in document["targets"] if t["model"] != "minimum-subjects"]
    return Processing.of(document) if document["targets"] else processing
