"""Why a call is not done. Messages are fixed sentences: no input value can get into one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal, TypeAlias

Status: TypeAlias = Literal["refused", "unsupported", "error"]

MESSAGES = {
    "INPUT_INVALID": "the data do not obey the organization declaration at this place",
    "DECLARATION_INVALID": "the declaration is incomplete or contradicts itself at this place",
    "ORGANIZATION_MISMATCH": "the files or columns are not the declared ones",
    "CANNOT_MEET_PRIVACY": "this target cannot be met with these data",
    "LIMIT_EXCEEDED": "the data are larger than this product can process",
    "KEY_MISSING": "a secret that a step names was not given, or is too short",
    "POLICY_FORBIDDEN": "an identifier of this class may not be released in this form",
    "UNSUPPORTED": "this product cannot do this",
    "INTERNAL": "the product failed; nothing was released",
}


class Refusal(Exception):
    """Stops a call before anything is released. ``path`` is a JSON pointer made of declared names."""

    def __init__(self, code: str, path: str = "", status: Status = "refused", why: str = "") -> None:
        super().__init__(code)
        self.code = code
        self.path = path
        self.status = status
        self.why = why
        """The key of a hint, where the code alone does not tell what to do."""


def unsupported(path: str, why: str = "") -> Refusal:
    """What is valid in the standard but not implemented here."""
    return Refusal("UNSUPPORTED", path, "unsupported", why)


def pointer(*parts: object) -> str:
    """A JSON pointer (RFC 6901)."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in parts)


@contextmanager
def of_declarations() -> Iterator[None]:
    """While only declarations are read, a value of a wrong type is theirs: what no rule names ends here."""
    try:
        yield
    except (TypeError, ValueError, LookupError, AttributeError):
        raise Refusal("DECLARATION_INVALID") from None
