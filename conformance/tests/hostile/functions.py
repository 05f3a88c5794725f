"""Python functions for ``python:``: one that does as it is told, and some that do not."""


def same(tables, request):
    assert isinstance(request["secrets"]["key-1"], bytes)
    print("printed by the vendor")
    return tables


def documents(tables, request):
    return {
        "status": "ok",
        "data": tables,
        "organization": request["organization"],
        "processing": request["processing"],
    }


def refuses(tables, request):
    return {"status": "refused", "reason": {"code": "CANNOT_MEET_PRIVACY", "path": "", "message": "少ない"}}


def raises(tables, request):
    raise RuntimeError("vendor bug")
