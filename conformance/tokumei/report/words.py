"""The fixed words of every report, Japanese first; keys are the closed vocabularies of ``report.json``.

No word here claims a legal status. ``MARKS`` say a verdict by shape, so that no reader depends on colour.
"""

from __future__ import annotations

from typing import Any

Words = dict[str, str]


def _both(ja: str, en: str) -> Words:
    return {"ja": ja, "en": en}


VERDICTS = {
    "pass": _both("合格", "pass"),
    "fail": _both("不合格", "fail"),
    "inconclusive": _both("判定不能", "inconclusive"),
    "not_applicable": _both("対象外", "not applicable"),
    "suite_error": _both("試験系異常", "suite error"),
}

MARKS = {"pass": "○", "fail": "×", "inconclusive": "△", "not_applicable": "－", "suite_error": "！"}

OUTCOMES = {
    "privacy": _both("安全性", "Privacy"),
    "use": _both("有用性", "Use"),
    "process": _both("文書・手続", "Process"),
}

LEVELS = {
    "shall": _both("必須", "shall"),
    "should": _both("推奨", "should"),
    "may": _both("任意", "may"),
}

RUN = {
    "all_met": _both("全要求事項を満たした", "All requirements met"),
    "not_met": _both("満たさない要求事項がある", "Requirements not met"),
    "incomplete": _both("判定を完了できない", "Incomplete"),
    "error": _both("試験系異常", "Error of the test system"),
}

RUN_NOTES = {
    "all_met": _both(
        "対象となった要求事項について、計画した試験をすべて行い、反例は見つからなかった。",
        "Every planned test of the requirements in scope ran, and no counterexample was found.",
    ),
    "not_met": _both(
        "少なくとも一つの要求事項について、反例が見つかった。",
        "For at least one requirement a counterexample was found.",
    ),
    "incomplete": _both(
        "反例は見つかっていないが、判定できない要求事項が残っている。合格とみなしてはならない。",
        "No counterexample was found, but some requirements could not be decided. This is not a pass.",
    ),
    "error": _both(
        "試験を最後まで行えなかった。この報告書から製品の良否を読み取ってはならない。",
        "The run did not complete properly. Nothing about the product may be concluded from it.",
    ),
}

PRODUCT_STOPPED = _both(
    "製品が起動しなかったか、接続の取決めに反した。",
    "The product did not start or broke the protocol.",
)

WHY = {
    "vacuous": _both("試験すべき事例が生じなかった", "nothing arose that could have violated it"),
    "budget": _both("時間又は呼出し回数の上限に達した", "the budget ran out"),
    "could_not_run": _both("試験を実行できなかった", "the test could not run"),
    "undecidable": _both("得られた根拠からは決められない", "the evidence cannot decide it"),
    "ics": _both("製品が対応しないと申告した", "the product states that it does not support this"),
    "organization": _both("整理方法書に該当するデータがない", "the organization declaration has no such data"),
    "profile": _both("選んだ適用区分に含まれない", "outside the chosen profile"),
    "regime": _both("選んだ制度では求められない", "not required under the chosen regime"),
}

TRACKS = {
    "open": _both("共通の整理方法書による試験", "Open track: organizations of the suite"),
    "own": _both("製品側の整理方法書による試験", "Own track: organizations of the vendor"),
}

ORIGINS = {
    "generated": _both("架空の本人（生成データ）", "generated people"),
    "supplied": _both("持ち込まれたデータ", "supplied data"),
}

EVIDENCE = {
    "E0": _both("加工後のファイルだけ", "released files only"),
    "E1": _both("加工前及び加工後のファイル", "files before and after"),
    "E3": _both("製品の呼出し", "calls of the product"),
}
"""What the levels of evidence rest on."""

CONFIGURATIONS = {
    "obey": _both(
        "製品は、与えられた加工方法書に従って設定された。",
        "The product configured itself from the processing declaration that it was given.",
    ),
    "fixed": _both(
        "製品は固定の設定で試験された。判定はこの出荷時設定だけについてのものであり、設定を変えた製品には及ばない。",
        "The product was tested with a fixed configuration. The verdicts hold for these shipped settings "
        "alone and do not extend to any other.",
    ),
}

SUBJECTS = {"generated": _both("製品", "Product"), "supplied": _both("調べたデータ", "Data examined")}
"""What a report is about."""

NO_ROWS = _both("（行が一つも残っていない）", "(no row was left)")
NO_FILES = _both("出力なし", "no output")

KEYS = {"given": _both("与えた鍵", "given"), "own": _both("製品が自ら用意", "its own")}

DETERMINISM = {
    "none": _both("なし", "none"),
    "process": _both("同一プロセス内", "within a process"),
    "keyed": _both("鍵により再現", "by key"),
}

ROLES = {"maker": _both("作成者", "maker"), "recipient": _both("受領者", "recipient")}

SHOWS = {
    "generated": (
        _both(
            "記載した版の製品と設定について、要求事項ごとに行った試験、その回数、見つかった反例。",
            "For the product version and settings named here: which tests ran for each requirement, how often, "
            "and what counterexamples were found.",
        ),
        _both(
            "合格とは、計画した試験が行われ、反例が見つからなかったことをいう。"
            "割合の上限がある場合は 95 % 上側限界である。",
            "A pass means that the planned tests ran and found no counterexample. Where a rate is bounded, "
            "the figure is the upper 95 % limit.",
        ),
    ),
    "supplied": (
        _both(
            "持ち込まれたファイルについて、要求事項ごとに行った試験と、見つかった反例の数。",
            "For the files supplied: which tests ran for each requirement, and how many counterexamples were found.",
        ),
        _both(
            "合格とは、持ち込まれたファイルに反例が見つからなかったことをいう。製品は動かしておらず、"
            "他のデータについては何も言えない。",
            "A pass means that no counterexample was found in these files. No product was run, and nothing follows "
            "for other data.",
        ),
    ),
}

SHOWS_NOT = (
    _both(
        "法令に照らした正否。要求事項は技術規格としてのもので、法的な助言ではない。",
        "Lawfulness. The requirements are those of a technical standard, and this is no legal advice.",
    ),
    _both(
        "公的な審査の結果、又は第三者による保証。",
        "The result of an official examination, or an assurance by a third party.",
    ),
    _both(
        "加工後データの法的な位置付け。個々のデータがどの制度の情報に当たるかは、この報告書からは決まらない。",
        "The legal status of any data. This report does not settle what the released data are in law.",
    ),
)

ORIGIN_LIMITS = {
    "generated": _both(
        "実在の患者のデータに対する結果。試験に用いたのは架空の本人だけである。",
        "Results on data of real patients. Only generated people were used.",
    ),
    "supplied": _both(
        "持ち込まれたデータ以外に対する結果。値の写しは、この報告書に一切含まれない。",
        "Results on any data but those supplied. No cell value of them is reproduced in this report.",
    ),
}

NO_SENTENCE = _both("この要求事項に反する結果が得られた。", "A result violates this requirement.")
NO_REASON = _both("理由の記録はない。", "No reason was recorded.")


PREMISES = {
    "canaries": _both("目印の値", "canaries"),
    "addresses": _both("住所", "addresses"),
    "birth dates": _both("生年月日", "birth dates"),
    "calls": _both("呼出し", "calls"),
    "cards and accounts": _both("カード及び口座の番号", "cards and accounts"),
    "clock times": _both("時刻", "clock times"),
    "values of coded fields": _both("コードの項目の値", "values of coded fields"),
    "coded fields": _both("コードの項目", "coded fields"),
    "combinations": _both("組合せ", "combinations"),
    "contacts": _both("連絡先", "contacts"),
    "dummy values": _both("仮の値", "dummy values"),
    "extreme numbers": _both("極端な数値", "extreme numbers"),
    "fields of diseases": _both("病名の項目", "fields of diseases"),
    "fields with hidden values": _both("伏せた値のある項目", "fields with hidden values"),
    "fields without a bound": _both("限度を定めない数値の項目", "fields without a bound"),
    "forms and texts": _both("書式及び文字列", "forms and texts"),
    "formulas and scripts in the input": _both("入力中の数式及びスクリプト", "formulas and scripts in the input"),
    "genotypes of the input": _both("入力中の遺伝型", "genotypes of the input"),
    "identifiers": _both("識別子", "identifiers"),
    "late refusals": _both("後から届いた停止の求め", "late refusals"),
    "local codes": _both("施設独自のコード", "local codes"),
    "persons": _both("本人", "persons"),
    "persons with rare diseases": _both("まれな病名の本人", "persons with rare diseases"),
    "persons with several rows": _both("複数行の本人", "persons with several rows"),
    "phrases": _both("語句", "phrases"),
    "rare codes": _both("まれなコード", "rare codes"),
    "rare events": _both("まれな出来事", "rare events"),
    "released values": _both("加工後データの値", "released values"),
    "subjects": _both("本人", "subjects"),
    "subjects with rare values": _both("まれな値をもつ本人", "subjects with rare values"),
    "templates": _both("生体の特徴量", "templates"),
    "undeclared events": _both("宣言のない出来事", "undeclared events"),
    "values of facilities": _both("施設の値", "values of facilities"),
    "values of relatives": _both("親族等の値", "values of relatives"),
    "values of staff": _both("医療従事者の値", "values of staff"),
    "values that a secret decides": _both("秘密で決まる値", "values that a secret decides"),
    "versions": _both("バージョン", "versions"),
    "watched calls": _both("監視した呼出し", "watched calls"),
    "canaries in logs": _both("ログに対する目印の値", "canaries in logs"),
    "cells": _both("計画した集団", "cells"),
    "classes": _both("同値類", "classes"),
    "columns": _both("列", "columns"),
    "dates": _both("日付", "dates"),
    "quasi-identifiers": _both("準識別子", "quasi-identifiers"),
    "ages above the bound": _both("上限を超える年齢", "ages above the bound"),
    "rare values": _both("まれな値", "rare values"),
    "fields without a limit": _both("限度を定めない項目", "fields without a limit"),
    "proxies": _both("代わりに病名を示す値", "proxies"),
    "people with dates": _both("日付をもつ本人", "people with dates"),
    "postal codes": _both("郵便番号", "postal codes"),
    "pseudonyms": _both("仮ID", "pseudonyms"),
    "documents": _both("文書", "documents"),
    "source keys": _both("元データの番号", "source keys"),
    "references": _both("表をまたぐ参照", "references"),
    "secrets and mapping tables": _both("秘密及び対応表", "secrets and mapping tables"),
    "broken inputs": _both("不正な入力", "broken inputs"),
    "releases": _both("加工後データ", "releases"),
    "texts": _both("自由記載", "texts"),
    "thresholds": _both("しきい値", "thresholds"),
    "values": _both("値", "values"),
    "fields": _both("項目", "fields"),
    "items to erase": _both("消去する項目", "items to erase"),
    "moved dates": _both("移動した日付", "moved dates"),
    "persons with a far number": _both("ほかの全員から離れた数値をもつ本人", "persons with a far number"),
    "persons with a number": _both("数値をもつ本人", "persons with a number"),
    "technical values": _both("システムが付けた値", "technical values"),
    "values for linkage": _both("名寄せのための値", "values for linkage"),
    "values of a relation or a domain": _both("関係又は値の範囲を定めた値", "values of a relation or a domain"),
    "refusals": _both("拒否応答", "refusals"),
    "codes": _both("個人識別符号の値", "identification codes"),
    "undeclared inputs": _both("宣言にない列及びファイル", "undeclared columns and files"),
    "rows": _both("行", "rows"),
    "rows of nobody": _both("本人の分からない行", "rows of nobody"),
    "excluded persons": _both("除外すべき本人", "excluded persons"),
}


def premise(what: str) -> Words:
    """What a premise counts, in both languages; an unknown word is shown as it is."""
    return PREMISES.get(what) or _both(what, what)


NULLS = {
    "places in the order dealt to cells at random": _both(
        "集団の順位は、無作為に割り当てられたものである", "places in the order dealt to cells at random"
    ),
    "values dealt to persons regardless of their classes": _both(
        "値は、本人の同値類にかかわらず割り当てられたものである", "values dealt to persons regardless of their classes"
    ),
}

ORDERS = {
    "input": _both("入力の順", "order of the input"),
    "key": _both("元データの番号の順", "order of source keys"),
    "day": _both("日付の順", "order of days"),
    "repeated": _both("前の加工の並び", "order of the earlier release"),
    "rank": _both("全体の傾向", "overall trend"),
    "neighbours": _both("隣り合う行", "neighbouring rows"),
}
"""What the statistics of order compare with, and where they look."""


def null(said: str) -> Words:
    """A null hypothesis in both languages; an unknown one is shown as it is."""
    return NULLS.get(said) or _both(said, said)


def statistic(name: str) -> Words:
    """The name of a statistic, as ``registry/input/rank``, in words; an unknown part is shown as it is."""
    of, *how = name.rsplit("/", 2)
    if not how:
        return _both(of, of)
    said = [ORDERS.get(part) or _both(part, part) for part in how]
    return _both(
        f"{of}（{'、'.join(each['ja'] for each in said)}）", f"{of} ({', '.join(each['en'] for each in said)})"
    )


def pair(value: Any) -> Words:
    """A sentence of the report as both languages; a missing one is empty, never an error."""
    if not isinstance(value, dict):
        return _both("", "")
    return _both(str(value.get("ja", "")), str(value.get("en", "")))
