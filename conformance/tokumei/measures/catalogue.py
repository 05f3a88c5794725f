"""The measures as a catalogue: what each column says, for readers of a report and for the site."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from tokumei.measures import alike, combinations, distance, population, profile, readings
from tokumei.model import Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """One column of one query."""

    column: str
    query: str
    """The name of the query in ``QUERIES`` that has the column."""
    name: Text
    meaning: Text
    safer: Literal["higher", "lower", ""] = ""
    """Which direction is the safer one; empty where the number only describes."""
    source: str = ""


QUERIES = {
    "combinations": combinations.COMBINATIONS.replace("{in_order}", "{q}"),
    "valued": alike.VALUED,
    "classes": alike.CLASSES,
    "kinds": alike.KINDS,
    "parts": alike.PARTS,
    "each_kind": profile.EACH,
    "profile": profile.PROFILE,
    "at_risk": profile.AT_RISK,
    "t_ordered": distance.ORDERED.replace("{placed}", "placed"),
    "placed": distance.PLACED,
    "t_hierarchical": distance.HIERARCHICAL,
    "presence": population.PRESENCE,
    "readings": readings.READINGS,
    "codes": combinations.CODES,
}
"""The SQL as it runs; ``given`` is ``combinations``, ``{q}`` are the quasi-identifiers."""


def _of(
    query: str, column: str, ja: tuple[str, str], en: tuple[str, str], safer: str = "", source: str = ""
) -> Measure:
    return Measure(
        column=column,
        query=query,
        name=Text(ja[0], en[0]),
        meaning=Text(ja[1], en[1]),
        safer="higher" if safer == "higher" else "lower" if safer == "lower" else "",
        source=source,
    )


LI_T = "Li, Li, Venkatasubramanian 2007"
MACHANAVAJJHALA = "Machanavajjhala et al. 2007"
EL_EMAM = "El Emam 2013"

MEASURES = (
    _of("profile", "rows", ("行数", "本人のない行も数える。"), ("rows", "Rows, those without a person too.")),
    _of("profile", "people", ("本人の数", "異なる本人の数。"), ("people", "Distinct people.")),
    _of(
        "profile",
        "classes",
        ("クラスの数", "準識別子の値の組合せのうち、本人がいるものの数。"),
        ("classes", "Combinations of quasi-identifiers that have a person."),
    ),
    _of(
        "profile",
        "k",
        ("k-匿名性", "最も小さいクラスの本人の数。本人のない行だけのクラスがあれば 0。"),
        ("k-anonymity", "The people in the smallest class; 0 where a class has rows without a person only."),
        "higher",
        "Sweeney 2002",
    ),
    _of(
        "profile",
        "unique",
        ("一意な本人の数", "一人だけのクラスの数。"),
        ("unique people", "Classes of one person."),
        "lower",
    ),
    _of(
        "profile",
        "discernibility",
        ("識別性の指標", "クラスの本人の数の二乗の和。有用性の指標である。"),
        ("discernibility", "The sum of the squares of class sizes; a measure of use."),
        source="Bayardo, Agrawal 2005",
    ),
    _of(
        "profile",
        "prosecutor",
        ("最大リスク（検察官）", "対象者が含まれると知る者が一人を言い当てる確率の最大。1/(最小のクラス)。"),
        ("prosecutor risk", "The greatest chance of an attacker who knows that the person is in the data."),
        "lower",
        EL_EMAM,
    ),
    _of(
        "profile",
        "marketer",
        ("平均リスク", "全員を照合する者が言い当てる割合の期待値。クラスの数÷クラスごとの本人の数の和。"),
        ("average risk", "The share that an attacker who matches everybody gets right: classes over people in them."),
        "lower",
        EL_EMAM,
    ),
    _of(
        "at_risk",
        "at_risk",
        ("小さいクラスの本人の数", "与えた数より少ないクラスにいる本人の数。"),
        ("people at risk", "People in classes of fewer than a given number."),
        "lower",
        EL_EMAM,
    ),
    _of(
        "profile",
        "l_distinct",
        ("l-多様性（種類）", "クラスにあるセンシティブ属性の値の種類の最小。"),
        ("distinct l-diversity", "The fewest sensitive values in a class."),
        "higher",
        MACHANAVAJJHALA,
    ),
    _of(
        "profile",
        "l_entropy",
        ("l-多様性（エントロピー）", "自然対数によるシャノンのエントロピー H の exp(H) の最小。切り捨てない。"),
        ("entropy l-diversity", "The least exp(H), H the Shannon entropy in natural logarithms; never truncated."),
        "higher",
        MACHANAVAJJHALA,
    ),
    *(
        _of(
            "profile",
            f"c_{least}",
            (
                f"再帰的 (c, {least})-多様性",
                f"c がこの値を超えるとき成り立つ。最多の値の数÷{least} 番目以降の数の和の最大。",
            ),
            (
                f"recursive (c, {least})-diversity",
                f"It holds for every c above this: the count of the most frequent value over those from number {least} on.",
            ),
            "lower",
            MACHANAVAJJHALA,
        )
        for least in (2, 3, 4)
    ),
    _of(
        "profile",
        "alpha",
        ("(α, k)-匿名性の α", "クラスの本人のうち同じ値を持つ者の割合の最大。k と併せて読む。"),
        ("α of (α, k)-anonymity", "The greatest share of the people of a class who have one value; read with k."),
        "lower",
        "Wong et al. 2006",
    ),
    _of(
        "profile",
        "t_equal",
        ("t-近接性（等距離）", "クラスの分布と全体の分布との全変動距離の最大。"),
        ("t-closeness, equal distance", "The greatest total variation between a class and the whole."),
        "lower",
        LI_T,
    ),
    _of(
        "t_ordered",
        "t_ordered",
        ("t-近接性（順序距離）", "宣言した順序に沿う earth mover's distance の最大。順序にない値があれば無限大。"),
        ("t-closeness, ordered distance", "Earth mover's distance along a declared order; ∞ for a value outside it."),
        "lower",
        LI_T,
    ),
    _of(
        "t_hierarchical",
        "t_hierarchical",
        ("t-近接性（階層距離）", "宣言した階層の earth mover's distance の最大。階層にない値は根までの独立した枝。"),
        (
            "t-closeness, hierarchical distance",
            "The same in a declared tree; a value outside it is a branch of its own.",
        ),
        "lower",
        LI_T,
    ),
    _of(
        "profile",
        "beta",
        ("β-類似性（基本）", "クラスにある値の割合が全体よりどれだけ増えたかの比の最大。"),
        ("basic β-likeness", "The greatest relative gain of a value in a class over the whole."),
        "lower",
        "Cao, Karras 2012",
    ),
    _of(
        "profile",
        "beta_enhanced",
        ("β-類似性（強化）", "−ln(全体の割合) を超える増加があればどの β でも成り立たず、無限大。"),
        ("enhanced β-likeness", "∞ where a gain exceeds −ln of the share in the whole: no β holds then."),
        "lower",
        "Cao, Karras 2012",
    ),
    _of(
        "profile",
        "delta",
        ("δ-開示", "クラスにある値について |ln(割合の比)| の最大。自然対数。"),
        ("δ-disclosure", "The greatest |ln of the ratio of shares|, over the values that a class has."),
        "lower",
        "Brickell, Shmatikov 2008",
    ),
    _of(
        "profile",
        "delta_strict",
        ("δ-開示（厳密）", "クラスに欠ける値が一つでもあれば無限大。"),
        ("δ-disclosure, strict", "∞ where a class lacks a value."),
        "lower",
        "Brickell, Shmatikov 2008",
    ),
    _of(
        "presence",
        "delta_min",
        ("δ-存在の下限", "母集団のクラスのうち加工後データにいる者の割合の最小。"),
        ("δ-presence, lower", "The least share of a class of the population that is in the release."),
        source="Nergiz et al. 2007",
    ),
    _of(
        "presence",
        "delta_max",
        ("δ-存在の上限", "同じ割合の最大。母集団にないクラスがあれば無限大。"),
        ("δ-presence, upper", "The greatest such share; ∞ where the release has a class that the population lacks."),
        "lower",
        "Nergiz et al. 2007",
    ),
    _of(
        "presence",
        "k_map",
        ("k-map", "加工後データにあるクラスについて、母集団の本人の数の最小。"),
        ("k-map", "The fewest people of the population in a class that the release has."),
        "higher",
        "Sweeney 2002",
    ),
    _of(
        "presence",
        "k_map_all",
        ("k-map（全クラス）", "母集団の全てのクラスについての最小。"),
        ("k-map, all classes", "The same over every class of the population."),
        "higher",
    ),
    _of(
        "presence",
        "journalist",
        ("最大リスク（記者）", "対象者が含まれるかを知らない者の確率の最大。1/(k-map)。"),
        ("journalist risk", "The greatest chance of an attacker who does not know who is in the data: 1 / k-map."),
        "lower",
        EL_EMAM,
    ),
    _of(
        "presence",
        "marketer_map",
        ("平均リスク（母集団）", "母集団と全員を照合する者が言い当てる割合の期待値。"),
        ("average risk, population", "The expected share of right matches with the whole population."),
        "lower",
        EL_EMAM,
    ),
    _of(
        "presence",
        "unique_in_population",
        ("母集団でも一意な本人の数", "加工後データと母集団の両方で一人だけのクラスの数。"),
        ("unique in the population", "Classes of one person in the release and in the population."),
        "lower",
    ),
    _of(
        "readings",
        "k_value",
        ("k（値として読む）", "NULL と抑制記号を一つの値として読む。"),
        ("k, read as values", "NULL and each marker are values."),
        "higher",
    ),
    _of(
        "readings",
        "k_removed",
        ("k（除いて読む）", "準識別子が全て抑制された行を除く。残りがなければ空。"),
        (
            "k, read as removed",
            "Without the rows of which every quasi-identifier is suppressed; empty where none is left.",
        ),
        "higher",
    ),
    _of(
        "readings",
        "k_wildcard",
        ("k（任意の値として読む）", "抑制された欄はどの値とも一致する。複数のクラスにいる本人がいれば下界。"),
        (
            "k, read as wildcards",
            "A suppressed cell agrees with every value; a lower bound where people stand in several classes.",
        ),
        "higher",
    ),
    _of(
        "readings",
        "people_suppressed",
        ("抑制された欄のある本人の数", "クラスごとに数えて足す。"),
        ("people with a suppressed cell", "Counted in each class and added."),
    ),
    _of(
        "readings",
        "people_removed",
        ("全て抑制された本人の数", "クラスごとに数えて足す。"),
        ("people with nothing left", "Counted in each class and added."),
    ),
)

__all__ = ["MEASURES", "QUERIES", "Measure"]
