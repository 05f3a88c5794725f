"""Invented registries of any size: people in households, their diagnoses, and what was planted among them.

``sources`` are names, places and codes, ``people`` and ``diagnoses`` draw from them by array, ``plants`` puts in those
whom a product must not let through, ``folder`` writes it all with its declaration. Nobody in it lives.
"""
