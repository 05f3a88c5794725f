"""Diagnoses with a long tail: a few that many have, thousands that hardly anybody has."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from tokumei.registry import sources
from tokumei.registry.people import TODAY, Drawn, choose, padded

SHIFT, STEEPNESS = 2.7, 1.05
"""Of the law of Zipf and Mandelbrot."""
PERIOD = 730
"""Days before ``TODAY`` in which diagnoses are made."""


def draw(people: Drawn, random: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Person (row), code and date of each diagnosis: one and more for each person, more with age."""
    age = (TODAY - people.birth).astype(np.int64) / 365.2425
    person = np.repeat(np.arange(len(age)), 1 + random.poisson(np.clip(age / 30, 0.2, 3)))
    codes = sources.diseases()
    share = 1 / (np.arange(1, len(codes) + 1) + SHIFT) ** STEEPNESS
    code = choose(random, share, len(person))
    possible, group = _possible(codes), _group(people.sex, age)[person]
    while (wrong := ~possible[group, code]).any():  # drawn anew, so that the others keep their shares
        code[wrong] = choose(random, share, int(wrong.sum()))
    lived = np.minimum(PERIOD, np.maximum(1, (TODAY - people.birth).astype(np.int64)))[person]
    day = TODAY - (1 + (random.random(len(person)) * lived).astype(np.int64)).astype("timedelta64[D]")
    return person, code, np.maximum(day, people.birth[person])


MAN, WOMAN, MOTHER, INFANT_BOY, INFANT_GIRL = range(5)


def _group(sex: np.ndarray, age: np.ndarray) -> np.ndarray:
    """For which diagnoses a person can have."""
    infant, mother = age < 1, sex & (age >= 15) & (age < 50)
    adult = np.where(mother, MOTHER, np.where(sex, WOMAN, MAN))
    return np.where(infant, np.where(sex, INFANT_GIRL, INFANT_BOY), adult)


def _possible(codes: np.ndarray) -> np.ndarray:
    """Group by code: pregnancy of women of 15 to 49, the newborn's of infants, organs of those who have them."""
    found = np.ones((5, len(codes)), bool)
    block = np.array([str(code)[:3] for code in codes])
    birth, newborn = np.char.startswith(block, "O"), np.char.startswith(block, "P")
    his = (block >= "N40") & (block <= "N49") | (block >= "C60") & (block <= "C63")
    hers = (block >= "N70") & (block <= "N98") | (block >= "C51") & (block <= "C58")
    found[[MAN, WOMAN, INFANT_BOY, INFANT_GIRL]] &= ~birth
    found[[MAN, WOMAN, MOTHER]] &= ~newborn
    found[[WOMAN, MOTHER, INFANT_GIRL]] &= ~his
    found[[MAN, INFANT_BOY]] &= ~hers
    return found


def table(people: Drawn, person: np.ndarray, code: np.ndarray, day: np.ndarray) -> pa.Table:
    """``subject_id, icd10, onset``, ordered by person."""
    return pa.table(
        {
            "subject_id": padded(people.number, 10).take(pa.array(person)),
            "icd10": pa.array(sources.diseases()).take(pa.array(code)),
            "onset": pa.array(day.astype("datetime64[D]")).cast(pa.string()),
        }
    )


__all__ = ["draw", "table"]
