"""Faults of the report of how useful a release is."""

from __future__ import annotations

import json
from dataclasses import replace

from tokumei.beside import UTILITY, path_of
from tokumei.modalities.tables.baseline import Baseline
from tokumei.modalities.tables.owners import owners
from tokumei.modalities.tables.usefulness import utility
from tokumei.model import Response


class UtilityAmongTheReleased(Baseline):
    """The rows given are compared as far as their persons are released."""

    def covered(self, response: Response) -> Response:
        left = {row["\x00"] for row in self.tables[self.organization.subject_key.resource]}
        data = {
            name: table.filter([person in left for person in owners(self.organization, self.request.data, name)])
            for name, table in self.request.data.items()
        }
        found = utility(self.organization, self.processing, replace(self.request, data=data), response)
        told = {**response.extra, path_of(UTILITY): json.dumps(found, ensure_ascii=False)}
        return super().covered(replace(response, extra=told))


FAULTS: dict[str, type[Baseline]] = {
    "utility-among-the-released": UtilityAmongTheReleased,
}
