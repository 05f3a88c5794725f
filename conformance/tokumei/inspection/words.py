"""What the name of a column says of its class: words of Japanese and English headers, first match first."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """One entry: the classes, how sure they are, and what else the declaration says of such a column.

    ``means`` is what other columns of the same fact share: birth, residence, build.
    """

    ja: str
    en: str
    classes: tuple[str, ...]
    sure: bool = True
    means: str = ""
    tokumei: Mapping[str, str] = field(default_factory=dict)


def _word(ja: str, en: str, classes: str, *, sure: bool = True, means: str = "", **tokumei: str) -> Word:
    return Word(ja=ja, en=en, classes=tuple(classes.split()), sure=sure, means=means, tokumei=tokumei)


WORDS: tuple[Word, ...] = (
    _word("提供停止|オプトアウト", "opt_?out", "system", means="refusal"),
    _word("通知|同意|撤回", "notice|consent", "system"),
    _word(
        "取込日時|登録日時|更新日時|抽出日時", "(loaded|imported|extracted|ingested)_(at|on)", "system", means="load"
    ),
    _word(
        "自由記載|備考|所見|コメント|メモ|経過記録|看護記録|主訴|要約",
        "comments?|notes?|remarks?|memo|narrative|free_?text|text|complaint|question|answer|title",
        "freetext",
        generator="clinical-note",
    ),
    _word(
        "医師|主治医|担当|執刀|看護師|薬剤師|技師|記載者|入力者|指示者|従事者",
        "doctor|physician|prescriber|provider|practitioner|surgeon|nurse|staff|attending",
        "staff",
        person="staff",
    ),
    _word(
        "(医療機関|病院|診療所|施設|クリニック|薬局)の?(電話|fax|メール|郵便|住所|所在地|市区町村|都道府県)",
        "(hospital|facility|clinic|institution|pharmacy)_(phone|tel|fax|e?_?mail|zip|postcode|address|area|city|prefecture)",
        "facility",
    ),
    _word("顔特徴|顔画像|顔認証", "face(_template|_vector|_print)?", "symbol", generator="face-template"),
    _word("遺伝子型|一塩基|ゲノム", "snps?(_panel)?|genotypes?|genome|dna", "symbol", generator="snp-panel"),
    _word("指紋|声紋|虹彩|掌紋|静脈", "fingerprint|voice_?print|iris|biometrics?", "symbol"),
    _word(
        "(?<!在留)(?<!個人番号)カード番号|クレジット",
        "(credit_?)?card(_no|_number)?",
        "direct",
        generator="card-number",
    ),
    _word("口座", "(bank_?)?account(_no|_number)?|iban", "direct", generator="bank-account"),
    _word(
        "mac ?アドレス|端末番号|機器番号", "mac(_address)?|device_(id|no|serial)", "direct", generator="device-address"
    ),
    _word("ip ?アドレス|端末識別", "ip_address|imei", "direct"),
    _word(
        "生年月日|誕生日|生年",
        "(date_?of_?|year_?of_?|month_?of_?|day_?of_?)?birth(_?date|_?day|_?datetime|_?year)?|dob",
        "quasi date",
        means="birth",
        generator="birth-date",
        precision="day",
    ),
    _word(
        "職業|職種|学歴|婚姻|配偶|続柄|世帯|家族|人種|民族|収入|所得",
        "occupation|job|workclass|education|marital|relationship|household|race|ethnicity|income|salary|class",
        "quasi",
    ),
    _word("血液型|喫煙|飲酒|生活習慣", "blood(_type|_group)?|smok(er|ing|ed)|alcohol|drinking", "quasi", sure=False),
    _word(
        "病名|診断名|傷病|疾患|病型|病期|病態|死因",
        "icd_?(9|10)?|diagnos[ie]s|diagnosis_name|diseases?|conditions?|complications?|cause_of_death",
        "sensitive",
    ),
    _word("薬剤|医薬品|薬品|処方薬|薬名", "drug|medication|drug_?name|drug_concept", "sensitive"),
    _word(
        "検査値|結果|測定値|スコア|重症度|血圧|体温|脈拍|nihss|mrs|gcs",
        "value(_as_.*)?|results?|score|nihss|mrs|gcs|bp|sbp|dbp|temperature|heart_rate|rate|spo2|bp|flag|allerg(y|ies)|gene|status|futime",
        "sensitive",
    ),
    _word(
        "手術|手技|術式|感染|アレルギー|遺伝|妊娠|既往",
        "procedure|surgery|infection|pregnan(t|cy)|chronic",
        "sensitive",
    ),
    _word("検査項目|検査名|検査コード", "test|lab_?name|test_?(name|code)|item", "neutral", sure=False),
    _word("被保険者|記号|証番号|枝番|受給者番号|負担者番号|資格", "insured(_?no|_?number|_?id)?|policy", "symbol"),
    _word("保険者番号|保険者", "insurer(_?no|_?number|_?id)?", "symbol", officialNumber="insurer-8"),
    _word("個人番号|マイナンバー", "my_?number", "symbol", officialNumber="my-number"),
    _word(
        "免許証|旅券|パスポート|在留カード|基礎年金|住民票コード",
        "passport|driver|licen[cs]e|pension|ssn|national_id",
        "symbol",
    ),
    _word("電話|携帯|ﾃﾚ|fax", "phone|tel|telephone|mobile|fax", "direct", generator="phone-number"),
    _word("メール", "e?_?mail", "direct", generator="email-address"),
    _word("郵便", "zip|postal|postcode", "quasi", means="residence"),
    _word(
        "市区町村|市町村|都道府県|居住地|地域|本籍|国籍|出身",
        "area|city|prefecture|region|municipality|country|native_country|nationality|location",
        "quasi",
        means="residence",
    ),
    _word("住所|番地|所在地|居所", "address|street|addr", "direct", means="residence", generator="street-address"),
    _word(
        "医療機関|病院|診療所|施設(?!種)|クリニック|薬局|病棟|病床|病室",
        "hospital|facility|clinic|institution|care_?site|ward|bed",
        "facility",
    ),
    _word(
        "氏名|名前|姓名|患者名|ふりがな|フリガナ|カナ|かな|^姓$|^名$|保護者|連絡先",
        "(patient|family|given|first|last|full|display|middle|person|kana|kanji)?_?name(_?kana|_?kanji)?|surname|kana",
        "direct",
        generator="person-name",
        person="subject",
    ),
    _word("年齢|歳", "age", "quasi", means="age", unit="a"),
    _word("性別", "sex|gender|male|female", "quasi"),
    _word("身長|体重|bmi|腹囲", "height|weight|bmi", "quasi", means="build"),
    _word("曜日", "week_?day|day_of_week", "neutral"),
    _word("検体|材料|薬価基準", "specimen|sample_type|price_?list", "neutral", sure=False),
    _word("時刻", "time_of_day|arrived_at|arrival_time", "neutral", sure=False),
    _word(
        "診療科|入外|区分|種別|来院方法|来院経路|退院先|転帰先|時間帯|単位|数量|日数|回数|用法|投与経路|保険種別",
        "kind|dept|department|type|unit|days?|duration|quantity|route|dose|usage|payer|insurance_?type|contact|count",
        "neutral",
        sure=False,
    ),
    _word(
        "患者(番号|id|コード)|診療録番号|カルテ番号|(番号|id|ｉｄ|no\\.?|キー|識別子)$",
        "(.*_)?(id|no|number|key|uid|mrn|chart|code|token|hash|digest)",
        "link",
    ),
)

_PERSON = re.compile(
    r"患者|被験者|対象者|本人|個人|利用者|受診者|(^|_)(patient|subject|person|member|participant|pid|mrn)s?(_|$)"
)

_NUMBERED = r"_(id|no|uid)$"
"""How an English header ends that names an identifier."""


def plain(header: str) -> str:
    """A header as words: width and case folded, camel case and blanks as underscores."""
    text = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", unicodedata.normalize("NFKC", header))
    return re.sub(r"[\s\-.]+", "_", text.strip().lower())


def lookup(header: str) -> tuple[Word, str] | None:
    """The first entry whose words are in the header, and the word found; in English only whole words count."""
    text = plain(header)
    for word in WORDS:
        if found := re.search(word.ja, text):
            return word, found[0]
        found = re.search(rf"(?:^|_)({word.en})(?:_|$)", text)
        if found and (re.search(_NUMBERED, found[1]) or not _identifier(word, text)):
            return word, found[1]
    return None


def _identifier(word: Word, text: str) -> bool:
    """Whether an English header ends as an identifier of the thing, not as the thing: ``condition_era_id``."""
    return (
        bool(re.search(_NUMBERED, text))
        and not {"symbol", "staff", "facility"} & set(word.classes)
        and "link" not in word.classes
        and "concept" not in text
    )


def names_person(header: str) -> bool:
    """Whether a header says that its numbers are of persons."""
    return _PERSON.search(plain(header)) is not None
