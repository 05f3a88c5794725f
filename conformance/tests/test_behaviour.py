"""Clauses of behaviour: orders of identifiers, what is left behind, what an error leaves, and the order of the input."""

import csv
import re
import sys
import tempfile
from pathlib import Path
from random import Random

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokumei.adapters import leftovers
from tokumei.adapters.batch import Batch
from tokumei.adapters.inprocess import InProcess
from tokumei.adapters.process import Exec
from tokumei.clauses.b.b_02 import partial
from tokumei.clauses.i3.i3_03 import in_order
from tokumei.clauses.i3.i3_07 import to_destroy
from tokumei.model import Call, ProductInfo, Request, Response
from tokumei.plan.changed import reordered
from tokumei.plan.required import LATE, required_plan
from tokumei.runner.power import PAIRS, pair_named


@given(st.lists(st.integers(0, 10**20), unique=True, min_size=1), st.sampled_from(["", "P", "患者-"]), st.booleans())
def test_numbers_stand_in_the_order_of_numbers(numbers, before, padded):
    texts = [f"{before}{n:021}" if padded else f"{before}{n}" for n in numbers]
    assert in_order(Random(1).sample(texts, len(texts))) == [texts[numbers.index(n)] for n in sorted(numbers)]


@given(st.lists(st.from_regex(r"[0-9]{0,3}[a-f][0-9a-f]{6}", fullmatch=True), unique=True, min_size=2))
def test_other_identifiers_stand_in_the_order_of_text(texts):
    assert in_order([*texts, "0a0a"]) == sorted([*texts, "0a0a"])


@pytest.mark.parametrize("pair", PAIRS)
@pytest.mark.parametrize("obeys", [True, False])
def test_the_bundle_in_another_order_is_the_same_bundle(pair, obeys):
    case = next(
        c
        for c in required_plan([pair_named(pair)], track="open", seed=3, obeys=obeys).cases
        if c.id.endswith("/classes")
    )
    one, two = (call.bundle for call in case.calls)
    assert case.calls[0].secret == case.calls[1].secret
    for name, table in one.tables.items():
        other = two.tables[name]
        assert set(other.column_names) == set(table.column_names)
        assert (other.column_names == table.column_names) != obeys
        rows = [tuple(row.values()) for row in table.to_pylist()]
        again = [tuple(row.values()) for row in other.select(table.column_names).to_pylist()]
        assert rows != again and sorted(rows, key=repr) == sorted(again, key=repr)
        declared = [
            f["name"]
            for r in two.organization.document["resources"]
            if r["name"] == name
            for f in r["schema"]["fields"]
        ]
        assert declared == other.column_names
        of = dict(zip(rows, one.persons[name], strict=True))
        assert [of[row] for row in again] == list(two.persons[name])
    assert one.truth == two.truth
    assert reordered(one, 9, columns=obeys).tables == reordered(one, 9, columns=obeys).tables


def _leaver(place, content):
    """The source of an exec product that answers ``ok`` and writes ``content`` to a file in ``place``."""
    return f"""
import json, os, pathlib, sys, tempfile
for line in sys.stdin:
    message = json.loads(line)
    if message["op"] == "hello":
        print("{{}}", flush=True)
        continue
    answer = pathlib.Path(message["response"])
    folder = pathlib.Path({place})
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "map.csv").write_text({content!r} + message["id"], encoding="utf-8")
    (answer / "response.json").write_text(json.dumps({{"status": "ok", "reason": {{}}}}))
    print(json.dumps({{"id": message["id"], "status": "done"}}), flush=True)
"""


def _request():
    organization, processing = pair_named(PAIRS[0])
    return Request(id="x", organization=organization.document, processing=processing.document, data={})


@pytest.mark.parametrize("place", ["os.environ['TMPDIR']", "tempfile.gettempdir()", "os.environ['TEMP'] + '/deep'"])
def test_what_an_exec_product_leaves_is_read_after_each_call(tmp_path, place):
    (tmp_path / "product.py").write_text(_leaver(place, "key 82713364;"), encoding="utf-8")
    with Exec([sys.executable, str(tmp_path / "product.py")]) as product:
        texts = [list(product.call(_request()).left.items()) for _ in range(2)]
        folder = Path(product._temp)
        assert folder.is_dir() and folder.parent.stat().st_mode & 0o077 == 0
    assert [[text for _, text in call] for call in texts] == [["key 82713364;1"], ["key 82713364;2"]]
    assert all(path.startswith("temp/") for call in texts for path, _ in call)
    assert not folder.exists()


def test_what_a_batch_product_leaves_is_read_and_removed(tmp_path):
    code = "import os, sys, tempfile; open(os.path.join(tempfile.gettempdir(), 'm'), 'w').write('82713364'); print(tempfile.gettempdir())"
    with Batch([sys.executable, "-c", code]) as product:
        call = product.call(_request())
    assert call.left == {"temp/m": "82713364"}
    assert call.log.strip() and not Path(call.log.strip()).exists()


def test_data_without_an_answer_are_read(tmp_path):
    code = "import sys, pathlib; p = pathlib.Path(sys.argv[2], 'data'); p.mkdir(); (p / 'a.csv').write_text('half'); sys.exit(3)"
    with Batch([sys.executable, "-c", code]) as product:
        call = product.call(_request())
    assert (call.trouble, call.response, call.left) == ("crash", None, {"response/data/a.csv": "half"})


def test_a_product_in_this_process_has_a_temporary_folder_of_its_own():
    seen = []

    def product(request):
        seen.append(Path(tempfile.gettempdir()))
        (seen[0] / "work").write_text("82713364")
        (seen[0] / "gone").write_text("1")
        (seen[0] / "gone").unlink()
        return Response(status="refused", code="INPUT_INVALID")

    usual = tempfile.gettempdir()
    assert InProcess(product, ProductInfo(name="x")).call(_request()).left == {"temp/work": "82713364"}
    assert not seen[0].exists() and tempfile.gettempdir() == usual


def test_more_than_fits_is_read_in_part(tmp_path):
    for n in range(12):
        (tmp_path / f"{n:02}").write_bytes(b"7" * (1 << 20))
    found = leftovers.texts(tmp_path)
    assert sum(len(text) for text in found.values()) == leftovers.QUOTA.texts


@pytest.mark.parametrize(
    ("disposals", "techniques", "due"),
    [
        (["destroyed-before-release"], ["pseudonymize-keyed"], ("key-0",)),
        (["kept-for-longitudinal-linkage"], ["pseudonymize-random"], ("mapping-table",)),
        ([], ["keep"], ()),
    ],
)
def test_what_is_to_be_destroyed(disposals, techniques, due):
    claim = {
        "secrets": [{"id": f"key-{n}", "disposal": disposal} for n, disposal in enumerate(disposals)],
        "steps": [{"technique": technique} for technique in techniques],
    }
    assert to_destroy(claim) == due


def _call(status, *, data=None, extra=None, left=None):
    response = Response(status=status, data=data or {}, extra=extra or {}) if status else None
    return Call(request=_request(), response=response, trouble="" if response else "crash", left=left or {})


ROW = {"a": pa.table({"x": ["1"]})}
NONE = {"a": pa.table({"x": pa.array([], pa.string())})}


@pytest.mark.parametrize(
    ("call", "files"),
    [
        (_call("refused", data=ROW), 1),
        (_call("error", data=ROW, extra={"data/b.csv": "x\n1\n", "log.txt": "x\n1\n"}), 2),
        (_call("refused", data=NONE, extra={"data/b.csv": "x\n"}), 0),
        (_call("ok", data=ROW), 0),
        (_call("", left={"response/data/a.csv": "x\n1", "response/data/b.csv": "x\n", "temp/a.csv": "x\n1"}), 1),
    ],
)
def test_a_row_beside_an_answer_that_gives_no_release_is_partial(call, files):
    assert len(partial(call)) == files


@pytest.mark.parametrize("pair", PAIRS)
def test_the_malformed_inputs_are_wrong_in_one_place(pair):
    organization, _ = pair_named(pair)
    case = next(c for c in required_plan([pair_named(pair)], track="open", seed=3).cases if c.id.endswith("/malformed"))
    row, *rest = case.calls
    wrong = [
        (info.name, n)
        for info in organization.fields()
        if info.type == "date"
        for n, cell in enumerate(row.bundle.tables[info.name.resource].column(info.name.field).to_pylist())
        if cell is not None and not re.fullmatch(r"\d{4}-\d\d-\d\d", cell)
    ]
    assert len(wrong) == 1 and wrong[0][0].resource == organization.parents_first()[-1].name
    ranks = {r["cell"]: r["rank"] for r in row.bundle.truth.orders.to_pylist()}
    assert set(ranks.values()) == {-1, 1}
    assert ranks.pop(LATE) == 1  # they come last of all
    assert max(c for c, rank in ranks.items() if rank < 0) < min(c for c, rank in ranks.items() if rank > 0)

    subject = organization.resource(organization.subject_key.resource)
    later = [info for info in subject.fields[1:] if info.required and info.name != organization.subject_key]
    assert [call.expects for call in case.calls] == ["either", *(["refusal"] if later else [])]
    if not later:
        return
    (cut,) = rest
    ((path, content),) = cut.bundle.files.items()
    lines = content.decode(subject.encoding).split("\n")
    table = cut.bundle.tables[subject.name]
    assert path == subject.path and len(lines) == table.num_rows + 1
    widths = {len(next(csv.reader([line]))) for line in lines[:-1]}
    assert widths == {table.num_columns} and len(next(csv.reader(lines[-1:]))) < table.num_columns
    missing = [info for info in subject.fields if info.required and table.column(info.name.field)[-1].as_py() is None]
    assert missing
    assert all(table.column(info.name.field)[:-1].null_count == 0 for info in missing)
