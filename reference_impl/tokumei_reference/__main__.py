"""``python -m tokumei_reference``: JSON lines on stdio, or one call when two folders are given."""

import sys

from tokumei_reference.protocol import main

sys.exit(main(sys.argv[1:]))
