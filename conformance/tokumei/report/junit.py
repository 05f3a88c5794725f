"""JUnit XML of a report: a test suite for each family, a test case for each clause and track.

A build goes red whenever the run is not ``all_met``: what could not be decided is an error, and a run that
ended badly without any such clause gets a test case of its own.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Mapping
from typing import Any

from tokumei.report import scope
from tokumei.report.view import Clause, Report, clauses, clean, family, number, sentence
from tokumei.report.words import PRODUCT_STOPPED, RUN, VERDICTS, Words

_CHILD = {"fail": "failure", "inconclusive": "error", "suite_error": "error", "not_applicable": "skipped"}


def junit(report: Report) -> str:
    """The report as JUnit XML; every count is that of the children."""
    root = ET.Element("testsuites", name="tokumei")
    suites: dict[str, ET.Element] = {}
    for track, clause in clauses(report):
        name = family(clause)
        if name not in suites:
            suites[name] = _suite(root, name, report)
        _case(suites[name], str(track["track"]), clause)
    if scope.entries(report):
        _profiles(_suite(root, "profiles", report), report)
    if _needs_alarm(report, root):
        _alarm(_suite(root, "run", report), report)
    for element in [*root, root]:
        _count(element)
    root.set("time", number(report["effort"]["wall_seconds"]).replace(",", ""))
    ET.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def _suite(root: ET.Element, name: str, report: Report) -> ET.Element:
    suite = ET.SubElement(root, "testsuite", name=name, timestamp=clean(report["created"]))
    product, made = report["product"], report["suite"]
    _properties(
        suite,
        {
            "product": f"{product['name']} {product['version']}".strip(),
            "configuration": product["configuration"] or "",
            "suite": made["version"],
            "edition": made["edition"],
            "law_as_of": made["law_as_of"],
            "seed": made["seed"],
            "origin": report["origin"],
            "level": report["level"],
        },
    )
    return suite


def _case(suite: ET.Element, track: str, clause: Clause) -> None:
    case = ET.SubElement(suite, "testcase", classname=f"tokumei.{family(clause)}.{track}", name=clean(clause["clause"]))
    premise = clause["premise"] or {"what": "", "count": 0}
    _properties(
        case,
        {
            "title": clause["title"]["ja"],
            "outcome": clause["outcome"],
            "level": clause["level"],
            "verdict": clause["verdict"],
            "n": premise["count"],
            "premise": premise["what"],
        },
    )
    tag = _CHILD.get(clause["verdict"])
    if tag is None:
        return
    child = ET.SubElement(case, tag, message=_line(sentence(clause)))
    if tag == "skipped":
        return
    code = clause["findings"][0]["code"] if clause["findings"] else clause["why"] or clause["verdict"]
    child.set("type", clean(code))
    child.text = "\n".join([_line(VERDICTS[clause["verdict"]]), *map(_finding, clause["findings"])])


def _finding(finding: Mapping[str, Any]) -> str:
    facts = (finding["id"], finding["code"], finding["organization"], finding["case"], finding["reproduced"])
    return "\n".join(
        clean(text)
        for text in (
            " ".join(filter(None, facts)),
            finding["text"]["ja"],
            finding["text"]["en"],
            finding["replay"],
        )
        if text
    )


def _profiles(suite: ET.Element, report: Report) -> None:
    """A case for each profile that is mandatory or claimed; one that was not tested is skipped."""
    for entry in scope.entries(report):
        case = ET.SubElement(suite, "testcase", classname="tokumei.profiles", name=clean(entry["profile"]))
        said = {"mandatory": entry["mandatory"], "claimed": entry["claimed"], "state": entry["state"]}
        _properties(case, {"title": entry["title"]["ja"], **said})
        if entry["state"] != "judged":
            state, why = scope.STATES[entry["state"]], scope.because(entry)
            message = {lang: ": ".join(filter(None, (state[lang], why[lang]))) for lang in state}
            ET.SubElement(case, "skipped", message=_line(message))


def _needs_alarm(report: Report, root: ET.Element) -> bool:
    red = root.find(".//failure") is not None or root.find(".//error") is not None
    return report["outcome"] != "all_met" and not red


def _alarm(suite: ET.Element, report: Report) -> None:
    words = PRODUCT_STOPPED if report["exit"] == 4 else RUN[report["outcome"]]
    case = ET.SubElement(suite, "testcase", classname="tokumei.run", name="outcome")
    ET.SubElement(case, "error", type=report["outcome"], message=_line(words))


def _properties(parent: ET.Element, values: Mapping[str, object]) -> None:
    holder = ET.SubElement(parent, "properties")
    for name, value in values.items():
        ET.SubElement(holder, "property", name=name, value=clean(value))


def _count(element: ET.Element) -> None:
    cases = list(element.iter("testcase"))
    element.set("tests", str(len(cases)))
    for name, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        element.set(name, str(sum(case.find(tag) is not None for case in cases)))


def _line(words: Words) -> str:
    return clean(" / ".join(dict.fromkeys(filter(None, (words["ja"], words["en"])))))
