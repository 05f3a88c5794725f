"""Editing the standard without a text editor: the clauses as a workbook and back, and what a revision changes."""
