"""``python -m tokumei`` is the command line."""

from tokumei.cli import main

main()
