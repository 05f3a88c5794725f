"""Laws of the techniques over whole columns, searched with small generated registries."""

from __future__ import annotations

import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from conftest import KEY, Caller, Outcome, declarations, hospital_rows, registry_rows
from hypothesis import given, settings
from hypothesis import strategies as st

FIELDS = {"id": "string", "person": "string", "group": "string", "value": "integer", "real": "number", "word": "string"}
CLASSES = {"id": "link", "person": "link", "group": "quasi"}

people = st.lists(
    st.tuples(
        st.integers(0, 12),
        st.sampled_from(["a", "b", None]),
        st.none() | st.integers(-50, 50),
        st.none() | st.integers(-300, 300),
        st.sampled_from(["x", "y", "z", ""]),
    ),
    min_size=1,
    max_size=30,
)
keys = st.binary(min_size=32, max_size=32)


def organization(primary: bool = True, **constraints: Any) -> dict[str, Any]:
    fields = [
        {"name": name, "type": kind, "tokumei": {"class": [CLASSES.get(name, "neutral")]},
         "constraints": constraints.get(name, {})}
        for name, kind in FIELDS.items()
    ]  # fmt: skip
    return {
        "name": "t",
        "tokumei": {"profile": "organization/1", "level": "release", "subjects": {"unit": "person", "key": "t.person"}},
        "resources": [
            {"name": "t", "path": "t.csv", "format": "csv", "encoding": "utf-8", "tokumei": {"role": "subject"},
             "schema": {"fields": fields, **({"primaryKey": ["id"]} if primary else {})}}
        ],
    }  # fmt: skip


def processing(*steps: tuple[str, list[str], dict[str, Any]], targets: Any = None) -> dict[str, Any]:
    """Pseudonym for the person, ``id`` kept as a name of the row (it is no link here), then the given steps."""
    chosen = {name for _, names, _ in steps for name in names}
    first = [("pseudonymize-random", ["person"], {"scope": "release", "domain": "p", "bits": 128})]
    kept = [name for name in FIELDS if name not in chosen and name != "person"]
    listed = [*first, *([("keep", kept, {})] if kept else []), *steps]
    return {
        "release": {"id": "R"},
        "steps": [
            {"id": f"s{i}", "technique": technique, "fields": [f"t.{name}" for name in names], "params": params}
            for i, (technique, names, params) in enumerate(listed)
        ],
        "targets": targets or [{"model": "minimum-subjects", "minimum": 1}],
    }


def rows_of(drawn: list[tuple[Any, ...]]) -> list[dict[str, Any]]:
    text = lambda value: None if value is None else str(value)  # noqa: E731 - one line twice
    return [
        {"id": f"{i:04d}", "person": f"{person:04d}", "group": group, "value": text(value),
         "real": None if real is None else f"{real / 10}", "word": word}
        for i, (person, group, value, real, word) in enumerate(drawn)
    ]  # fmt: skip


def call(drawn: Any, pro: Any, key: bytes | None = KEY, **constraints: Any) -> Outcome:
    org = organization(**constraints)
    # The row's name is needed to find it again: a test may do what a release may not.
    org["resources"][0]["schema"]["fields"][0]["tokumei"]["class"] = ["neutral"]
    with tempfile.TemporaryDirectory() as root:
        return Caller(Path(root))(org, pro, {"t": rows_of(drawn)}, key)


def frames(out: Outcome, drawn: Any) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The input and the release, row by row."""
    assert out.status == "ok", out.answer
    before = pd.DataFrame(rows_of(drawn), dtype=object).fillna("").set_index("id")
    after = out.tables["t"].set_index("id").loc[before.index]
    return before, after


@settings(max_examples=30, deadline=None)
@given(people, st.sampled_from([0.01, 0.3, 1.0]), st.sampled_from([[], ["group"]]), keys)
def test_swap_keeps_the_rows_of_values_in_each_group(drawn: Any, share: float, within: list[str], key: bytes) -> None:
    params = {"fraction": share, "within": [f"t.{name}" for name in within]}
    before, after = frames(call(drawn, processing(("swap", ["value", "word"], params)), key), drawn)
    for frame in (before, after):
        groups = frame["group"] if within else [""] * len(frame)
        frame["tuple"] = list(zip(frame["value"], frame["word"], groups, strict=True))
    assert Counter(before["tuple"]) == Counter(after["tuple"])
    untouched = ["group", "real"]
    assert (before[untouched] == after[untouched]).all(axis=None)


@settings(max_examples=20, deadline=None)
@given(st.integers(2, 20), st.sampled_from([0.2, 0.5, 1.0]), keys)
def test_swap_moves_the_share_that_was_asked(n: int, share: float, key: bytes) -> None:
    drawn = [(i, "a", i, None, "") for i in range(n)]
    before, after = frames(call(drawn, processing(("swap", ["value"], {"fraction": share})), key), drawn)
    assert (before["value"] != after["value"]).sum() == max(2, -int(-share * n // 1))


@settings(max_examples=30, deadline=None)
@given(people, st.integers(2, 5), st.sampled_from(["mean", "median", "mode"]), keys)
def test_microaggregation_has_groups_of_persons_and_keeps_means(drawn: Any, k: int, how: str, key: bytes) -> None:
    out = call(drawn, processing(("microaggregate", ["value"], {"size": k, "aggregate": how})), key)
    persons = len({row[0] for row in drawn if row[2] is not None})
    if 0 < persons < k:
        assert out.reason == ("CANNOT_MEET_PRIVACY", "/steps/2/params/size")
        return
    before, after = frames(out, drawn)
    known = before["value"] != ""
    assert (known == (after["value"] != "")).all()
    old, new = before["value"][known].astype(int), after["value"][known].astype(float)
    if not len(old):
        return
    assert after[known].groupby("value")["person"].nunique().min() >= k
    assert new.between(old.min(), old.max()).all()
    if how == "mean":
        assert new.sum() == pytest.approx(old.sum(), abs=1e-4)
    # Neighbours stay neighbours: no group reaches over another one.
    ordered = pd.DataFrame({"old": old, "new": new}).sort_values(["old", "new"])["new"]
    assert (ordered.diff().dropna() >= -1e-6).all()


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(-100, 100), min_size=2, max_size=25), st.integers(2, 6), keys)
def test_microaggregation_is_the_sorted_cut(values: list[int], k: int, key: bytes) -> None:
    """Oracle for one row a person: sort, cut every k, and let the rest belong to the last group."""
    drawn = [(i, "a", value, None, "") for i, value in enumerate(values)]
    out = call(drawn, processing(("microaggregate", ["value"], {"size": k})), key)
    if len(values) < k:
        assert out.reason[0] == "CANNOT_MEET_PRIVACY"
        return
    ordered, groups = sorted(values), len(values) // k
    cut = [ordered[g * k : None if g == groups - 1 else (g + 1) * k] for g in range(groups)]
    expected = sorted(round(sum(group) / len(group), 6) for group in cut for _ in group)
    assert sorted(out.tables["t"]["value"].astype(float)) == pytest.approx(expected, abs=1e-6)


DISTRIBUTIONS = ["uniform", "normal", "laplace", "discrete-laplace"]


@settings(max_examples=30, deadline=None)
@given(people, st.sampled_from(DISTRIBUTIONS), st.sampled_from([0.5, 30.0, 1e9]), keys)
def test_noise_keeps_bounds_and_missing_values(drawn: Any, distribution: str, scale: float, key: bytes) -> None:
    steps = [("noise", ["value", "real"], {"distribution": distribution, "scale": scale, "maximum": 40.5})]
    out = call(drawn, processing(*steps), key, value={"minimum": -50, "maximum": 50}, real={"minimum": -30})
    before, after = frames(out, drawn)
    for name, low in (("value", -50), ("real", -30)):
        assert ((before[name] == "") == (after[name] == "")).all()
        numbers = after[name][after[name] != ""].astype(float)
        assert numbers.between(low, 40.5).all()
    assert all(float(text).is_integer() and "." not in text for text in after["value"] if text)
    fields = {f["name"]: f for f in out.document_fields}
    assert fields["value"]["constraints"] == {"minimum": -50, "maximum": 40}
    assert fields["real"]["constraints"] == {"minimum": -30, "maximum": 40.5}


@pytest.mark.parametrize(
    ("distribution", "deviation"),
    [("uniform", 10 / 3**0.5), ("normal", 10), ("laplace", 10 * 2**0.5), ("discrete-laplace", 10 * 2**0.5)],
)
def test_noise_has_the_declared_spread(distribution: str, deviation: float) -> None:
    n = 4000
    drawn = [(i, "a", None, 0, "") for i in range(n)]
    _, after = frames(call(drawn, processing(("noise", ["real"], {"distribution": distribution, "scale": 10}))), drawn)
    noise = after["real"].astype(float)
    # Six standard errors of the mean; the fourth moment of Laplace bounds that of the deviation.
    assert abs(noise.mean()) < 6 * deviation / n**0.5
    assert noise.std() == pytest.approx(deviation, rel=6 * 1.2 / n**0.5)
    assert noise.nunique() > (n / 2 if distribution != "discrete-laplace" else 20)


@settings(max_examples=30, deadline=None)
@given(people, st.integers(2, 4), keys)
def test_cells_of_rare_values_and_of_named_ones_are_emptied(drawn: Any, rare: int, key: bytes) -> None:
    params = {"rareBelow": rare, "in": ["z"]}
    out = call(drawn, processing(("suppress-cell", ["word", "value"], params)), key)
    known = pd.DataFrame(rows_of(drawn), dtype=object).set_index("id")
    expected = {}
    for at, name in enumerate(("word", "value")):
        holders = known.groupby(name)["person"].nunique()
        expected[name] = known[name].where(~(known[name].map(holders) < rare) & (known[name] != "z"), None)
        if known[name].notna().any() and expected[name].isna().all():
            assert out.reason == ("CANNOT_MEET_PRIVACY", f"/steps/2/fields/{at}")
            return
    _, after = frames(out, drawn)
    for name, cells in expected.items():
        told = cells.fillna("")
        hidden = known["person"][told == ""].nunique()
        if 0 < hidden < 3:  # a blank of fewer would show whom it hides: others join
            assert ((after[name] == told) | (after[name] == "")).all()
            assert known["person"][after[name] == ""].nunique() >= min(3, known["person"].nunique())
        else:
            assert (after[name] == told).all()


def test_cells_before_generalizing() -> None:
    drawn = [(i, "a", None, None, word) for i, word in enumerate(["x1", "x2", "x2", "y1", "z1", "w1"])]
    steps = [("suppress-cell", ["word"], {"rareBelow": 2}), ("generalize", ["word"], {"truncate": 1})]
    _, after = frames(call(drawn, processing(*steps)), drawn)
    assert list(after["word"]) == ["", "x", "x", "", "", ""]
    steps = [("generalize", ["word"], {"truncate": 1}), ("suppress-cell", ["word"], {"rareBelow": 2})]
    _, after = frames(call(drawn, processing(*steps)), drawn)
    assert list(after["word"]) == ["x", "x", "x", "", "", ""]


ALL = ["id", "person", "group", "value", "real", "word"]


@settings(max_examples=25, deadline=None)
@given(people, st.integers(2, 3), keys)
def test_invented_rows_hold_only_values_of_enough_persons(drawn: Any, least: int, key: bytes) -> None:
    pro = processing(("synthesize", ALL, {"method": "independent", "rareBelow": least}))
    pro["steps"] = [pro["steps"][0], {**pro["steps"][-1], "fields": [f"t.{n}" for n in ALL if n != "id"]}]
    pro["steps"].append({"id": "z", "technique": "suppress-column", "fields": ["t.id"]})
    out = call(drawn, pro, key)
    before = pd.DataFrame(rows_of(drawn), dtype=object)
    fit = {
        name: {v for v, n in before.groupby(name)["person"].nunique().items() if n >= least}
        | ({""} if before[name].isna().any() else set())
        for name in ("group", "value", "real", "word")
    }
    if not all(fit.values()):
        assert out.reason[0] == "CANNOT_MEET_PRIVACY"
        return
    assert out.status == "ok"
    table = out.tables["t"]
    assert len(table) == len(drawn)
    assert all(set(table[name]) <= values for name, values in fit.items())
    assert table["person"].str.fullmatch("[0-9a-f]{32}").all() and table["person"].is_unique
    assert out.organization["resources"][0]["tokumei"]["generated"] is True


def test_added_rows_are_not_counted_as_persons() -> None:
    drawn = [(i, "a", i % 2, 10, "x") for i in range(20)]
    pro = processing(
        (
            "synthesize",
            ["person", "group", "value", "real", "word"],
            {"method": "independent", "share": 0.25, "rareBelow": 5},
        ),
        targets=[{"model": "k-anonymity", "quasi": ["t.value"], "k": 10, "unit": "subject"}],
    )
    pro["steps"][1] = {"id": "drop", "technique": "suppress-column", "fields": ["t.id"]}
    out = call(drawn, pro)
    assert out.status == "ok"
    assert len(out.tables["t"]) == 25 and out.tables["t"]["person"].nunique() == 25
    assert out.organization["resources"][0]["tokumei"]["generated"] is False
    pro["targets"][0]["k"] = 11
    assert call(drawn, pro).reason == ("CANNOT_MEET_PRIVACY", "/targets/0")


EVERY: list[tuple[str, list[str], dict[str, Any]]] = [
    ("swap", ["word"], {"fraction": 0.5, "within": ["t.group"]}),
    ("noise", ["value"], {"distribution": "laplace", "scale": 2}),
    ("microaggregate", ["real"], {"size": 2}),
]


def test_randomness_is_the_key_and_nothing_else() -> None:
    drawn = [(i, "ab"[i % 2], i, i, "xyz"[i % 3]) for i in range(60)]
    texts = []
    for key, rows in ((KEY, drawn), (KEY, drawn), (b"\1" * 32, drawn), (None, drawn), (None, drawn)):
        texts.append(call(rows, processing(*EVERY), key).raw)
    assert texts[0] == texts[1]
    assert len(set(texts[1:])) == 4


@pytest.mark.parametrize(
    ("step", "reason"),
    [
        (("noise", ["word"], {"distribution": "laplace", "scale": 1}), ("DECLARATION_INVALID", "/steps/2/fields")),
        (("noise", ["value"], {"distribution": "x", "scale": 1}),
         ("DECLARATION_INVALID", "/steps/2/params/distribution")),
        (("noise", ["value"], {"distribution": "discrete-gaussian", "scale": 1}),
         ("UNSUPPORTED", "/steps/2/params/distribution")),
        (("noise", ["value"], {"distribution": "laplace", "scale": -1}),
         ("DECLARATION_INVALID", "/steps/2/params/scale")),
        (("microaggregate", ["word"], {"size": 3}), ("DECLARATION_INVALID", "/steps/2/fields")),
        (("microaggregate", ["value"], {"size": 1}), ("DECLARATION_INVALID", "/steps/2/params/size")),
        (("swap", ["value"], {"fraction": 2}), ("DECLARATION_INVALID", "/steps/2/params/fraction")),
        (("swap", ["value"], {"fraction": 1, "within": ["t.value"]}),
         ("DECLARATION_INVALID", "/steps/2/params/within")),
        (("swap", ["value"], {"fraction": 1, "within": ["t.none"]}),
         ("DECLARATION_INVALID", "/steps/2/params/within/0")),
        (("synthesize", ["value"], {"method": "independent"}), ("UNSUPPORTED", "/steps/2/fields")),
        (("synthesize", ["value"], {"method": "gan"}), ("UNSUPPORTED", "/steps/2/fields")),
        (("suppress-cell", ["value"], {}), ("DECLARATION_INVALID", "/steps/2/params")),
        (("suppress-cell", ["value"], {"rareBelow": 1}), ("DECLARATION_INVALID", "/steps/2/params/rareBelow")),
    ],
)  # fmt: skip
def test_what_cannot_be_done_is_refused_at_its_place(step: Any, reason: tuple[str, str]) -> None:
    assert call([(i, "a", i, i, "x") for i in range(9)], processing(step)).reason == reason


@pytest.mark.parametrize("technique", ["swap", "suppress-cell", "noise", "synthesize"])
def test_an_identifier_is_not_let_through_by_a_column_technique(technique: str, run: Caller) -> None:
    pro = processing((technique, ["word"], {}))
    org = organization()
    org["resources"][0]["schema"]["fields"][5]["tokumei"]["class"] = ["direct"]
    pro["steps"][1]["fields"].remove("t.id")
    pro["steps"].append({"id": "z", "technique": "suppress-column", "fields": ["t.id"]})
    assert run(org, pro, {"t": rows_of([(1, "a", 1, 1, "x")])}).reason == ("POLICY_FORBIDDEN", "/steps/2/fields/0")


def _hospital(run: Caller, *steps: tuple[str, list[str], dict[str, Any]]) -> Outcome:
    """The hospital with other steps for the named fields."""
    org, pro = declarations("hospital")
    named = {name for _, names, _ in steps for name in names}
    for step in pro["steps"]:
        if step["technique"] in ("keep", "top-bottom-code", "date-shift", "pseudonymize-keyed"):
            step["fields"] = [name for name in step["fields"] if name not in named]
    pro["steps"] = [step for step in pro["steps"] if step["fields"]]
    pro["steps"] += [
        {"id": f"z{i}", "technique": technique, "fields": names, "params": params}
        for i, (technique, names, params) in enumerate(steps)
    ]
    return run(org, pro, hospital_rows(200))


def test_a_swap_within_a_child_table_of_parquet(run: Caller) -> None:
    plain = _hospital(run).tables["labs"]
    out = _hospital(run, ("swap", ["labs.value", "labs.test"], {"fraction": 0.3, "within": ["labs.visit_id"]}))
    assert out.status == "ok"
    ones, others = (sorted(zip(t["visit_id"], t["test"], strict=True)) for t in (plain, out.tables["labs"]))
    assert ones == others


def test_an_invented_table_joins_with_nothing_and_says_so(run: Caller) -> None:
    org, pro = declarations("hospital")
    released = ["labs.visit_id", "labs.test", "labs.value", "labs.taken_on", "labs.specimen"]
    next(step for step in pro["steps"] if step["technique"] == "keep")["fields"].remove("labs.test")
    next(step for step in pro["steps"] if step["technique"] == "date-shift")["fields"].remove("labs.taken_on")
    coarse = {"id": "y", "technique": "date-coarsen", "fields": ["labs.taken_on"], "params": {"to": "quarter"}}
    pro["steps"].append(coarse)
    pro["steps"].append({"id": "z", "technique": "synthesize", "fields": released, "params": {"method": "independent"}})
    out = run(org, pro, hospital_rows(200))
    assert out.status == "ok", out.answer
    labs = next(r for r in out.organization["resources"] if r["name"] == "labs")
    assert labs["tokumei"]["generated"] is True and "foreignKeys" not in labs["schema"]
    others = [r for r in out.organization["resources"] if r["name"] != "labs"]
    assert not any(r["tokumei"]["generated"] for r in others) and all("foreignKeys" in r["schema"] for r in others[1:])
    assert not set(out.tables["labs"]["visit_id"]) & set(out.tables["visits"]["visit_id"])
    assert out.document("risk.json")["generated"] == ["labs"]
    for step in pro["steps"]:  # the whole table at once: what no step names is drawn as it is
        if step["id"] not in ("z", "y"):
            step["fields"] = [name for name in step["fields"] if name not in released or name == "labs.visit_id"]
    pro["steps"] = [step for step in pro["steps"] if step["fields"]]
    left = {step["id"] for step in pro["steps"]}
    for step in pro["steps"]:
        step["after"] = [name for name in step.get("after", []) if name in left]
    pro["steps"][-1]["fields"] = ["labs"]
    again = run(org, pro, hospital_rows(200))
    assert again.status == "ok", again.answer
    assert list(again.tables["labs"].columns) == list(out.tables["labs"].columns)
    pro["steps"][-1]["params"]["share"] = 0.5
    assert run(org, pro, hospital_rows(200)).status == "unsupported"


def test_rare_cells_before_a_search_are_not_promised(run: Caller) -> None:
    org, pro = declarations("stroke-registry")
    step = {"id": "z", "technique": "suppress-cell", "fields": ["registry.性別"], "params": {"rareBelow": 5}}
    keep = next(s for s in pro["steps"] if s["technique"] == "keep")
    keep["fields"].remove("registry.性別")
    pro["steps"].insert(0, step)
    out = run(org, pro, {"registry": registry_rows(100)})
    assert out.status == "unsupported" and out.reason[1].startswith("/steps/13/fields/")


def test_what_is_kept_is_not_changed_too(run: Caller) -> None:
    org, pro = declarations("stroke-registry")
    step = {"id": "z", "technique": "swap", "fields": ["registry.病型"], "params": {"fraction": 1}}
    pro["steps"].append(step)
    out = run(org, pro, {"registry": registry_rows(100)})
    assert out.reason == ("DECLARATION_INVALID", f"/steps/{len(pro['steps']) - 1}/fields/0")
