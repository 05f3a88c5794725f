"""Products that do nothing useful: none may pass."""

from __future__ import annotations

from tokumei.modalities.tables.baseline import product
from tokumei.model import Product, Request, Response


def null_products() -> dict[str, Product]:
    """Each by its name: it hands the data back, empties them, refuses, or crashes."""

    def identity(request: Request) -> Response:
        return Response(
            status="ok", data=dict(request.data), processing=request.processing, organization=request.organization
        )

    def drop_all(request: Request) -> Response:
        answer = product()(request)
        return Response(
            status=answer.status,
            code=answer.code,
            path=answer.path,
            data={name: table.slice(0, 0) for name, table in answer.data.items()},
            organization=answer.organization,
            processing=answer.processing,
        )

    def refuse_all(request: Request) -> Response:
        del request
        return Response(status="refused", code="CANNOT_MEET_PRIVACY", path="/targets")

    def crash_all(request: Request) -> Response:
        raise RuntimeError(request.operation)

    return {"identity": identity, "drop-all": drop_all, "refuse-all": refuse_all, "crash-all": crash_all}
