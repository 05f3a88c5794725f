"""Why a declaration is not done and what helps, where the code of a refusal alone leaves that open. Japanese first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Hint:
    """A fixed reason and a fixed way out, each as (ja, en): no value of the input can get into one."""

    reason: tuple[str, str]
    way: tuple[str, str]


HINTS: Mapping[str, Hint] = {
    "SENSITIVE_IS_QUASI": Hint(
        (
            "センシティブ属性の項目が準識別子にも含まれている。",
            "the sensitive field is one of the quasi-identifiers",
        ),
        (
            "sensitive の項目を quasi から除く。準識別子で組が決まると、その組の値は一つになる。",
            "take the field out of quasi: within a class it would have one value only",
        ),
    ),
    "SENSITIVE_NOT_RELEASED": Hint(
        ("センシティブ属性の項目が加工後データにない。", "the sensitive field is not released"),
        ("指標を除くか、項目を削除しない。", "remove the target, or do not remove the field"),
    ),
    "SENSITIVE_PSEUDONYM": Hint(
        ("センシティブ属性の項目が仮ID である。", "the sensitive field is a pseudonym"),
        (
            "病名など、知られると不利益となる値の項目を sensitive に書く。",
            "name a field whose values harm a person when known, such as a diagnosis",
        ),
    ),
    "SENSITIVE_CHANGED": Hint(
        (
            "探索が読むセンシティブ属性の値が、探索の後に変わる。",
            "the sensitive values that the search reads are changed after it",
        ),
        (
            "その項目の水準を定め、列全体の手法や日付の移動を用いない。",
            "fix the level of that field, and use no technique on the whole column and no date shift on it",
        ),
    ),
    "SENSITIVE_ELSEWHERE": Hint(
        (
            "準識別子とセンシティブ属性の項目が別の表にある。",
            "the quasi-identifiers and the sensitive field are in different tables",
        ),
        ("同じ表の項目を指定する。", "name fields of one table"),
    ),
    "DISTANCE": Hint(
        (
            "値の順序又は階層による距離（emd）は、この製品では計算しない。",
            "this product does not measure the distance of ordered or nested values (emd)",
        ),
        ("distance に total-variation を指定する。", "ask for the distance total-variation"),
    ),
    "L_NOT_REACHED": Hint(
        ("抑制の上限の中で l に達しない。", "l is not reached within the limit of suppression"),
        (
            "l を下げる、maxSuppressed を上げる、又は準識別子のより粗い水準を許す。値の種類が l に満たない項目では達しない。",
            "lower l, raise maxSuppressed, or permit coarser levels; a field of fewer than l values never reaches it",
        ),
    ),
    "T_NOT_REACHED": Hint(
        ("抑制の上限の中で t に達しない。", "t is not reached within the limit of suppression"),
        (
            "t を上げる、maxSuppressed を上げる、又は準識別子のより粗い水準を許す。",
            "raise t, raise maxSuppressed, or permit coarser levels",
        ),
    ),
    "SEVERAL_SENSITIVE": Hint(
        (
            "一つの最適な探索は、センシティブ属性の項目一つと、l の数え方一つだけを扱う。",
            "an optimal search takes one sensitive field and one kind of l",
        ),
        (
            "水準を level で定めて algorithm を suppression とするか、指標を一つの項目にする。",
            "fix the levels and use the algorithm suppression, or keep to one sensitive field",
        ),
    ),
    "SEVERAL_ROWS": Hint(
        (
            "複数の行の値が異なる本人がいる表では、t とエントロピーの l を最適な探索で満たせない。",
            "an optimal search does not reach t or entropy l where a person has rows of different values",
        ),
        (
            "水準を level で定めて algorithm を suppression とするか、本人ごとに 1 行の表にする。",
            "fix the levels and use the algorithm suppression, or give each person one row",
        ),
    ),
    "LOCAL_SEVERAL_ROWS": Hint(
        (
            "複数の行の値が異なる本人がいる表では、局所一般化を行わない。",
            "there is no local generalization where a person has rows of different values",
        ),
        (
            "recoding を global とするか、本人ごとに 1 行の表にする。",
            "set recoding to global, or give each person one row",
        ),
    ),
    "LOCAL_NEEDS_OPTIMAL": Hint(
        (
            "局所一般化は、水準を列挙した項目の最適な探索に続けて行う。",
            "local generalization follows an optimal search over fields that permit several levels",
        ),
        (
            "k-search の algorithm を optimal とし、その項目の generalize に levels を書く。",
            "set the algorithm of the k-search to optimal and write levels in the generalize steps of its fields",
        ),
    ),
    "SAMPLE_ORDER": Hint(
        (
            "標本抽出は一度だけ、レコード削除の後、k の探索と列全体の手法の前に行う。",
            "a sample is drawn once, after records are removed and before searches and techniques on whole columns",
        ),
        ("手順の順序を改める。", "put the steps in that order"),
    ),
    "SAMPLE_ROWS": Hint(
        (
            "行を単位とする標本抽出は行わない。本人の一部の行だけが残る。",
            "rows are not sampled: some rows of a person would be left",
        ),
        ("of に subject を指定する。", "set of to subject"),
    ),
    "SAMPLE_EMPTY": Hint(
        ("標本に誰も入らない。", "the sample would hold nobody"),
        ("fraction を上げる。", "raise the fraction"),
    ),
    "NUMBERS_INVENTED": Hint(
        (
            "並べ替えによる番号（bits: 0）は、疑似データの行には付けられない。",
            "rows that are invented get no number of a permutation (bits: 0)",
        ),
        ("bits を 64 以上とする。", "use 64 bits or more"),
    ),
}
