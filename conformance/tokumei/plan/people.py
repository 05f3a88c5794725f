"""Fictitious persons: names with kana, addresses, telephone and insurer numbers; unique by construction.

The name lists share no substring of two characters with the enumerated values of the examples, so that a
name found in a release was put there by a copy and not by chance.
"""

from __future__ import annotations

import unicodedata
from random import Random

from tokumei import numbers

SURNAMES = tuple(
    pair.split("/")
    for pair in (
        "佐久間/サクマ 長谷部/ハセベ 柿沼/カキヌマ 髙橋/タカハシ 渡邉/ワタナベ 齋藤/サイトウ 五十嵐/イガラシ 東雲/シノノメ "
        "小鳥遊/タカナシ 綾小路/アヤノコウジ 久我原/クガハラ 藤巻/フジマキ 檜山/ヒヤマ 瀬名波/セナハ 知花/チバナ 仲村渠/ナカンダカリ "
        "鵜飼/ウカイ 蓮見/ハスミ 薬師寺/ヤクシジ 雨宮/アマミヤ 百目鬼/ドウメキ 織部/オリベ 鬼塚/オニヅカ 桑折/コオリ "
        "猪瀬/イノセ 磯貝/イソガイ 樋渡/ヒワタシ 鏑木/カブラギ 城之内/ジョウノウチ 熊谷/クマガイ 栗栖/クリス 剱持/ケンモチ "
        "古畑/フルハタ 笹原/ササハラ 鮫島/サメジマ 宍戸/シシド 陣内/ジンナイ 須貝/スガイ 砂原/スナハラ 勢多/セタ "
        "反町/ソリマチ 滝沢/タキザワ 丹下/タンゲ 千種/チグサ 都築/ツヅキ 寺尾/テラオ 遠野/トオノ 名越/ナゴシ "
        "新島/ニイジマ 沼田/ヌマタ 根岸/ネギシ 野々村/ノノムラ 萩原/ハギワラ 氷室/ヒムロ 深津/フカツ 別所/ベッショ "
        "堀江/ホリエ 真壁/マカベ 水無瀬/ミナセ 武者/ムシャ"
    ).split()
)
GIVEN = tuple(
    pair.split("/")
    for pair in (
        "健太郎/ケンタロウ 咲良/サクラ 一馬/カズマ 澪/ミオ 清志郎/キヨシロウ 千鶴/チヅル 龍之介/リュウノスケ 小百合/サユリ "
        "惣一/ソウイチ 花凛/カリン 誠二郎/セイジロウ 美智代/ミチヨ 哲也/テツヤ 登美子/トミコ 仁/ヒトシ 菜々緒/ナナオ "
        "伸彦/ノブヒコ 春菜/ハルナ 弘樹/ヒロキ 文恵/フミエ 平蔵/ヘイゾウ 帆乃香/ホノカ 正臣/マサオミ 瑞穂/ミズホ "
        "宗明/ムネアキ 恵麻/エマ 基樹/モトキ 弥生/ヤヨイ 勇作/ユウサク 頼子/ヨリコ 蘭丸/ランマル 莉緒/リオ "
        "瑠璃/ルリ 玲司/レイジ 六郎/ロクロウ 若菜/ワカナ 敦史/アツシ 郁代/イクヨ 卯月/ウヅキ 栄作/エイサク "
        "治虫/オサム 嘉門/カモン 桔平/キッペイ 久仁子/クニコ 圭吾/ケイゴ 小雪/コユキ 定治/サダハル 忍/シノブ "
        "鈴音/スズネ 節子/セツコ 壮真/ソウマ 泰三/タイゾウ 周/チカシ 椿/ツバキ 照美/テルミ 朋香/トモカ "
        "直虎/ナオトラ 虹介/コウスケ 縫/ヌイ 寧々/ネネ"
    ).split()
)
TOWNS = ("夕凪町", "白鷺台", "緑ヶ原", "若宮通", "桜木坂", "月見野", "星ヶ浦", "雲雀丘")

_HALF = {unicodedata.normalize("NFKC", chr(code)): chr(code) for code in range(0xFF66, 0xFF9E)}


def half_kana(text: str) -> str:
    """Full-width katakana as half-width, with separate voicing marks."""
    out = []
    for char in text:
        for part in unicodedata.normalize("NFD", char):
            mark = {"\u3099": "ﾞ", "\u309a": "ﾟ"}.get(part)
            out.append(mark or _HALF.get(part, part))
    return "".join(out)


def hiragana(text: str) -> str:
    """Katakana as hiragana."""
    return "".join(chr(ord(c) - 0x60) if "ァ" <= c <= "ヶ" else c for c in text)


def names(count: int, random: Random) -> list[tuple[str, str]]:
    """``count`` different names as (kanji, katakana); at most 3,600."""
    pairs = random.sample(range(len(SURNAMES) * len(GIVEN)), count)
    chosen = [(SURNAMES[n // len(GIVEN)], GIVEN[n % len(GIVEN)]) for n in pairs]
    return [(f"{s[0]} {g[0]}", f"{s[1]} {g[1]}") for s, g in chosen]


def in_script(name: tuple[str, str], script: str) -> str:
    """A name in the declared script; kanji where the script has no reading of its own."""
    kanji, kana = name
    match script:
        case "kana-full":
            return kana
        case "kana-half":
            return half_kana(kana)
        case "hiragana":
            return hiragana(kana)
        case _:
            return kanji


def insurer_number(random: Random) -> str:
    """An 8-digit insurer number with a valid check digit, of a prefecture that does not exist."""
    return numbers.generate("insurer-8", random.randint(1, 47) * 1000 + random.randint(0, 999))


def phone_number(random: Random) -> str:
    return f"0{random.choice('789')}0-{random.randint(0, 9999):04}-{random.randint(0, 9999):04}"


def licence_number(random: Random) -> str:
    """The number under which a physician is registered, as a licence has it; no date has these digits."""
    return f"第{random.randint(300000, 999999)}号"


def street_address(random: Random) -> str:
    return f"{random.choice(TOWNS)}{random.randint(1, 9)}丁目{random.randint(1, 99)}番{random.randint(1, 99)}号"


NOTES = (
    "{name}様、症状は軽快。次回は家族も来院予定。",
    "夜間に頭痛の訴え。{name}さんへ電話で説明した。",
    "内服は継続。転倒に注意（{kana}）。",
    "特記事項なし。",
)
