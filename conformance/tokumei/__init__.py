"""Tokumei: an executable technical standard for anonymizing Japanese medical data."""

__version__ = "0.1.0.dev0"
