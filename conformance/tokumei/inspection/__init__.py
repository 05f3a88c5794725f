"""What tables tell of themselves, so that a declaration of them can be drafted.

Real people may be in the tables. What leaves this package are counts, shapes and names of columns; a value
leaves it only as a member of a small closed vocabulary, each member of which many rows share.
"""
