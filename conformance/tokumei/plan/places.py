"""Where fictitious persons live and are treated: an invented list of facilities, and the codes of municipalities.

A facility is drawn for each visit, mostly the one that a person goes to first, so that persons have sequences of
facilities as patients do. The codes of municipalities are the public ones: a master that every recipient has.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from random import Random

from tokumei import numbers
from tokumei.plan import people


@dataclass(frozen=True, slots=True, kw_only=True)
class Facility:
    """An invented facility: what it is called, what it does, how large it is and where it lies."""

    name: str
    function: str
    beds: str
    area: str


def _facilities() -> tuple[Facility, ...]:
    lines = """
    架空ひばり総合病院 急性期 500- 松本市
    架空しらかば中央病院 急性期 400-499 長野市
    架空あかつき記念病院 急性期 400-499 甲府市
    架空みどり会病院 急性期 300-399 上田市
    架空つばさ病院 急性期 200-299 塩尻市
    架空かえで病院 急性期 200-299 都留市
    架空すみれ病院 急性期 100-199 須坂市
    架空せせらぎリハビリ病院 回復期 100-199 安曇野市
    架空こもれび病院 回復期 100-199 長野市
    架空あさぎり病院 回復期 200-299 韮崎市
    架空ほたる療養病院 慢性期 20-99 松本市
    架空ゆうなぎ病院 慢性期 20-99 大月市
    架空かざぐるま病院 慢性期 20-99 甲府市
    架空たんぽぽ診療所 診療所 0-19 松本市
    架空ふくろう診療所 診療所 0-19 塩尻市
    架空わかば診療所 診療所 0-19 甲府市
    架空とんぼ診療所 診療所 0-19 大月市
    """
    rows = [line.split() for line in lines.split("\n") if line.strip()]
    return tuple(Facility(name=n, function=f, beds=b, area=a) for n, f, b, a in rows)


FACILITIES = _facilities()
ELSEWHERE = 4
"""One visit of so many is to another facility than the person's first."""

MUNICIPALITIES: Mapping[str, str] = {
    "松本市": "20202",
    "塩尻市": "20215",
    "安曇野市": "20220",
    "長野市": "20201",
    "須坂市": "20207",
    "上田市": "20203",
    "甲府市": "19201",
    "韮崎市": "19207",
    "都留市": "19204",
    "大月市": "19206",
}


@lru_cache(maxsize=1 << 14)
def of_visit(seed: int, person: int, nth: int) -> int:
    """The number of the facility of one visit of a person."""
    first = Random(f"{seed}/facility/{person}").randrange(len(FACILITIES))
    other = Random(f"{seed}/facility/{person}/{nth}")
    return other.randrange(len(FACILITIES)) if not other.randrange(ELSEWHERE) else first


def of_facility(number: int, what: str, random: Callable[[], Random]) -> str:
    """What a record tells of a facility; wards and beds are of the visit, all else is of the facility."""
    facility = FACILITIES[number]
    match what:
        case "code":
            return numbers.generate("facility", number)
        case "name":
            return facility.name
        case "phone":
            own = Random(f"facility/{number}")
            return f"0{own.randrange(20, 60)}-0{own.randrange(100):02}-{own.randrange(10**4):04}"
        case "address":
            return facility.area + people.street_address(Random(f"facility/{number}"))
        case "ward":
            of_stay = random()
            return f"{of_stay.choice('東西南北')}{of_stay.randint(2, 8)}階病棟"
        case "bed":
            of_stay = random()
            return f"{of_stay.randint(201, 899)}号室{of_stay.randint(1, 4)}番床"
        case "function":
            return facility.function
        case "beds":
            return facility.beds
        case _:
            return facility.area


__all__ = ["ELSEWHERE", "FACILITIES", "MUNICIPALITIES", "Facility", "of_facility", "of_visit"]
