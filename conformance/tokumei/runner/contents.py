"""What a release contains beside coded cells, whoever declared what: texts, images, count tables, genotypes, a second release.

Each of these makes a profile of its own mandatory. Said is where it is, in names of the organization declaration or by
place (``#2`` is the second table, ``visits#7`` a seventh column that is not declared), and never a value.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from tokumei.declarations import PSEUDONYMS, FieldName, Organization, Processing
from tokumei.measures import genotypes
from tokumei.model import Response
from tokumei.text import fold

FILES = "files"
"""Where a file is: its name may hold a value."""

SENTENCE = r"(?s).{6,}。|[a-z]{2,} [a-z]{2,}[^.]{4,}\. [A-Z]"
"""One such value is a text."""
PHRASE = r"(?s)^.{15,}$"
WORDED = r"(?s)(\p{Hiragana}.*){4}|([A-Za-z]{2,}[ ,.;:]+){4}[A-Za-z]{2,}"
"""Long values in words are a text where hardly two are alike: labels of codes come again."""
PHRASES, ALIKE = 10, 1.5
MARKER = r"^[*＊×■\-]*$|^(削除|非公開|マスク)$"

MEDICAL = r"(dcm|dicom|nii|nii\.gz|mhd|nrrd)"
PICTURES = r"(png|jpe?g|jfif|gif|tiff?|bmp|webp|hei[cf]|avif|jp2|mp4|m4v|mov|avi|mkv|webm|mpe?g|wmv)"
DICOM_CELL = rf"^A{{170}}|^(0x)?0{{256}}4449434[dD]|(?i:[^\s]\.{MEDICAL}$)"
PICTURE_CELL = (
    r"^data:(image|video)/|^(/9j/|iVBORw0KGgo|R0lGOD[dl]h|SUkqA|TU0AK|UklGR)[0-9A-Za-z+/\r\n]{40}"
    rf"|^(0x)?(?i:ffd8ff|89504e470d0a1a0a|47494638)[0-9a-fA-F]{{60}}|(?i:[^\s]\.{PICTURES}$)"
)
"""The first bytes of pictures in Base64 or hex, and names of their files."""
_DICOM_NAME = re.compile(rf"\.{MEDICAL}$", re.IGNORECASE)
_PICTURE_NAME = re.compile(rf"\.{PICTURES}$", re.IGNORECASE)
_PICTURE = re.compile(
    "^.?.?NG\r\n\x1a\n|^GIF8[79]a|^(II\\*\x00|MM\x00\\*)|^RIFF.{4}(WEBP|AVI )|^.{3,6}(JFIF|Exif)\x00|^.{4}ftyp",
    re.DOTALL,
)
"""The first bytes of pictures as they read where a file was taken for text."""

GENOTYPES = (
    r"(^|[^0-9A-Za-z_-])(?i:rs[0-9]{3}|chr[0-9XY]{1,2}[:_][0-9]{4}|D[0-9]{1,2}S[0-9]{2}|CSF1PO|FGA|TH01|TPOX|VWA|SE33|PENTA)"
    r"|[ACGT]{2}[ ,;\t][ACGT]{2}|[ACGT][/|][ACGT]|[012][/|][012]|[ACGTNacgtn]{100}|[:(][cgp]\.[0-9*A-Z(-]"
)
PSEUDONYM = r"^[0-9A-Za-z+/=_-]{16,}$"
"""Letters stand in it by chance."""
VARIANT = re.compile(
    r"(?<![A-Za-z])[cg]\.[-*]?[0-9]+[-+_0-9]*(?:[ACGT]>[ACGT]|del|dup|ins)|(?<![A-Za-z])p\.\(?[A-Z][a-z]{2}[0-9]+"
)
"""A variant as HGVS writes it."""

COUNTED = re.compile(
    r"n|count|counts|cnt|freq|frequency|.*(人数|患者数|症例数|件数|度数|例数)|(no|num|number|count)[ _]?of[ _]?\w+"
    r"|(person|patient|subject|case|record)s?[ _]?(n|count|counts)|persons|patients|subjects"
)
NUMBER = r"^\s*[<>≦≤≧≥]?\s*[0-9][0-9,]*\s*$"
MOST_TEXT = 1 << 16


@dataclass(frozen=True, slots=True, order=True)
class Content:
    """One thing that a release contains, and the profile that it makes mandatory."""

    profile: str
    object: str
    where: str


def contents(held: Organization, asked: Processing, claim: Processing | None, response: Response) -> Iterator[Content]:
    """Everything in one release that makes a profile mandatory."""
    listed = _listed(held, asked, claim)
    for place, (name, table) in enumerate(response.data.items(), 1):
        known = any(resource.name == name for resource in held.resources)
        shown = name if known else f"#{place}"
        fields = {field: FieldName(name, field) for field in table.column_names}
        for at, (field, column) in enumerate(zip(table.column_names, table.columns, strict=True), 1):
            info = held.field(fields[field]) if known else None
            where = f"{shown}.{field}" if info is not None else f"{shown}#{at}"
            classes = info.classes if info is not None else ()
            for profile, object_ in _of_column(field, column, classes, listed):
                yield Content(profile, object_, where)
        if _counts_persons(held, name if known else "", table):
            yield Content("stat", "counts", shown)
    for path, text in response.extra.items():
        for profile, object_ in _of_file(path, text):
            yield Content(profile, object_, FILES)
    for processing in (asked, claim):
        if processing is not None:
            yield from _of_release(processing.document)


def _listed(held: Organization, *processings: Processing | None) -> pa.Array:
    """The declared values of codes and the nodes of hierarchies: labels, however long."""
    texts = {str(value) for info in held.fields() for value in info.constraints.get("enum", ())}
    for processing in processings:
        for hierarchy in processing.hierarchies.values() if processing else ():
            texts |= {str(node) for line in hierarchy["table"] for node in line}
    return pa.array(sorted(texts), pa.string())


def _of_column(
    name: str, column: pa.ChunkedArray, classes: tuple[str, ...], listed: pa.Array
) -> Iterator[tuple[str, str]]:
    counted = pc.value_counts(_texts(column))
    values, times = counted.field("values"), counted.field("counts")
    filled = pc.invert(pc.match_substring_regex(values, MARKER))
    values, times = values.filter(filled), times.filter(filled)  # null is no match, and left out
    if (len(values) > 1 and "freetext" in classes) or _worded(values, times, listed):
        yield "text", "text"
    if len(values) and "image" in classes:
        yield "camera", "image"
    for profile, pattern in (("dicom", DICOM_CELL), ("camera", PICTURE_CELL)):
        if pc.any(pc.match_substring_regex(values, pattern)).as_py():
            yield profile, "image"
    if _names_variants([name]) or _tells_genotypes(values):
        yield "genome", "genotypes"


def _texts(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """The cells as text; nothing where they cannot be written as such."""
    try:
        return column if pa.types.is_string(column.type) else column.cast(pa.string())
    except pa.ArrowException:
        return pa.chunked_array([pa.array([], pa.string())])


def _worded(values: pa.Array, times: pa.Array, listed: pa.Array) -> bool:
    """Whether values that nobody listed are sentences, or phrases of which hardly two are alike."""
    free = pc.invert(pc.is_in(values, value_set=listed))
    values, times = values.filter(free), times.filter(free)
    if pc.any(pc.match_substring_regex(values, SENTENCE)).as_py():
        return True
    long = pc.and_(pc.match_substring_regex(values, PHRASE), pc.match_substring_regex(values, WORDED))
    phrases = pc.sum(long).as_py() or 0
    return phrases >= PHRASES and pc.sum(times.filter(long)).as_py() < ALIKE * phrases


def _tells_genotypes(values: pa.Array) -> bool:
    some = pc.and_(
        pc.match_substring_regex(values, GENOTYPES),
        pc.or_(
            pc.invert(pc.match_substring_regex(values, PSEUDONYM)),
            pc.match_substring_regex(values, "^[ACGTNacgtn]{100}"),
        ),
    )
    texts = values.filter(some).to_pylist()
    return _names_variants(texts) or any(genotypes.unnamed(text) or _pair(text) or _bases(text) for text in texts)


def _names_variants(texts: list[str]) -> bool:
    """Whether a variant or two loci are named."""
    return bool(genotypes.snps(texts)) or len(genotypes.loci(texts)) > 1 or any(VARIANT.search(t) for t in texts)


def _pair(text: str) -> bool:
    """Whether a cell is one genotype: A/G, or 0|1 as in a file of variants."""
    return bool(re.fullmatch(r"[ACGT][/|][ACGT]|[012]\|[012]", text.strip()))


def _bases(text: str) -> bool:
    """Whether bases stand in a row; a run of one letter is how Base64 writes zeros."""
    return any(len(set(found.upper())) > 2 for found in genotypes.SEQUENCE.findall(text))


def _counts_persons(held: Organization, name: str, table: pa.Table) -> bool:
    """Whether no row is of a person, and a column says how many there are."""
    counts = {field: at for at, field in enumerate(table.column_names) if COUNTED.fullmatch(fold(field).lower())}
    if not counts or table.num_columns < 2:
        return False
    if name:
        fields = [info for info in held.resource(name).fields if info.name.field in table.column_names]
        if any("link" in info.classes or info.name == held.subject_key for info in fields):
            return False
        if held.path_to_person(name) is not None and counts.keys() <= {info.name.field for info in fields}:
            return False  # a number that each person has
    return any(_whole(table.column(at)) for at in counts.values())


def _whole(column: pa.ChunkedArray) -> bool:
    values = _texts(column).drop_null()
    matched = pc.sum(pc.match_substring_regex(values, NUMBER)).as_py() or 0
    return len(values) > 0 and 2 * matched > len(values)


def _of_file(path: str, text: str) -> Iterator[tuple[str, str]]:
    """What a file beside the tables is; the documents beside a release, at the top of its folder, are no texts."""
    name = re.split("[!#]", path)[-1] if "!" in path else path.split("#", maxsplit=1)[0]
    start = text[:MOST_TEXT]
    if _DICOM_NAME.search(name) or text[128:132] == "DICM":
        yield "dicom", "image"
    elif _PICTURE_NAME.search(name) or _PICTURE.match(text[:16]):
        yield "camera", "image"
    elif genotypes.is_file(name, start):
        yield "genome", "genotypes"
    elif _is_count_table(start):
        yield "stat", "counts"
    elif "/" in path and not path.startswith("log/") and _is_text(start):
        yield "text", "text"


def _is_text(text: str) -> bool:
    """Whether a sentence is in it; an engine that never looks back reads what hostile products write."""
    told = pa.array([text.encode("utf-8", "replace").decode()], pa.string())
    return bool(pc.any(pc.match_substring_regex(told, SENTENCE)).as_py())


def _is_count_table(text: str) -> bool:
    """Whether a text is of columns, one of which says how many there are."""
    head, *rows = text.lstrip("\ufeff").splitlines()[:20] or [""]
    mark = next((mark for mark in "\t;," if mark in head), "")
    if not mark or not rows:
        return False
    names = [fold(part.strip().strip('"')).lower() for part in head.split(mark)]
    at = [place for place, name in enumerate(names) if COUNTED.fullmatch(name)]
    cells = [row.split(mark) for row in rows]
    return any(re.match(NUMBER, row[place].strip('"')) for place in at for row in cells if len(row) == len(names))


def _of_release(document: Mapping[str, Any]) -> Iterator[Content]:
    """An earlier release to compare with, and pseudonyms that reach beyond this one."""
    if document["release"].get("priorReleases"):
        yield Content("multi", "prior-release", "/release/priorReleases")
    for at, step in enumerate(document["steps"]):
        if step["technique"] in PSEUDONYMS and step.get("params", {}).get("scope", "release") != "release":
            yield Content("multi", "linkable", f"/steps/{at}/params/scope")
    for at, secret in enumerate(document.get("secrets", [])):
        if secret.get("scope", "release") != "release":
            yield Content("multi", "linkable", f"/secrets/{at}/scope")


__all__ = ["Content", "contents"]
