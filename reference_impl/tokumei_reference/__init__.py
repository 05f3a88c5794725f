"""Reference anonymizer of the Tokumei standard; independent of the conformance suite."""

import sys

__version__ = "0.1.0"


def command() -> list[str]:
    """The argv of the persistent product, for the entry point ``tokumei.products``."""
    return [sys.executable, "-m", "tokumei_reference"]
