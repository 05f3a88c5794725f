"""``fold``: one string for a value in half width, full width, either kana, old forms of characters, any separators.

The table is data, shared with the SQL function ``text_fold`` of ``prelude``: one character becomes one
character or none, so that ``translate`` says the same in every engine, and folding twice changes nothing.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

SEPARATORS = (
    " \t\n\v\f\r\x85\u00a0\u00ad\u2028\u2029\u202f\u205f\u2060\u3000\ufeff"
    + "".join(map(chr, range(0x2000, 0x2010)))
    + "-‐‑‒–—―−﹣－ー~〜～"
    + "・･·•.．。｡,，、､/／()（）"
)
"""Blanks, hyphens and the long mark (written for each other), dots, commas, slashes, brackets."""

SELECTORS = "".join(map(chr, (*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0))))
"""They choose between forms of the character before them."""

VARIANTS = {
    old: group[0]
    for group in (
        "高髙 崎﨑嵜 浜濱濵 辺邊邉 斉齊斎齋 沢澤 広廣 国國 真眞 竜龍 滝瀧 桜櫻 恵惠 栄榮 徳德 黒黑 曽曾 増增 寛寬 富冨 峰峯 "
        "島嶋嶌 槙槇 尭堯 遥遙 亀龜 静靜 豊豐 学學斈 会會 実實 寿壽 与與 万萬 蔵藏 浅淺 条條 弥彌 応應 円圓 関關 鉄鐵 塩鹽 声聲 恋戀 "
        "礼禮 柳栁 桑桒 吉𠮷 昇曻 達逹 穂穗 祢禰 籠篭 館舘 教敎 巌巖 鶴靏靍鸖 鴎鷗 頬頰 侠俠 檜桧 薮藪 蛎蠣 諌諫 鴬鶯 莱萊 涛濤 祷禱 "
        "灯燈 竃竈 靱靭 淵渕渊 来來 仏佛 伝傳 児兒 区區 勲勳 単單 厳嚴 囲圍 団團 壮壯 奥奧 嬢孃 将將 専專 対對 峡峽 巣巢 帯帶 庁廳 "
        "弾彈 従從 恒恆 悦悅 悪惡 慎愼 懐懷 戸戶 払拂 拝拜 択擇 担擔 拠據 収收 効效 叙敍 数數 断斷 昼晝 暁曉 晋晉 暦曆 楽樂 楼樓 枢樞 "
        "様樣 横橫 検檢 権權 欧歐 歓歡 歩步 帰歸 残殘 毎每 気氣 浄淨 清淸 温溫 満滿 潜潛 渋澁 済濟 湿濕 瀬瀨 湾灣 焼燒 為爲 独獨 献獻 "
        "痩瘦 発發 尽盡 禄祿 称稱 稲稻 穣穰 並竝 粋粹 糸絲 経經 緑綠 緒緖 県縣 縦縱 総總 継繼 続續 繊纖 欠缺 聡聰 聴聽 粛肅 脳腦 台臺 "
        "旧舊 舎舍 荘莊 処處 号號 蛍螢 虫蟲 衛衞 装裝 覚覺 覧覽 観觀 触觸 証證 訳譯 読讀 変變 譲讓 予豫 売賣 頼賴 賛贊 践踐 軽輕 転轉 "
        "辞辭 逓遞 遅遲 郷鄕 酔醉 医醫 醸釀 釈釋 鎮鎭 鉱鑛 録錄 錬鍊 鋳鑄 随隨 険險 隠隱 双雙 雑雜 霊靈 顔顏 顕顯 飲飮 余餘 験驗 駅驛 "
        "髄髓 闘鬪 鶏鷄 麦麥 黄黃 点點 党黨 歯齒 齢齡 間閒 土圡"
    ).split()
    for old in group[1:]
}
"""Forms of one character in which a name is written now and then, to the form that stands first."""

COMPATIBLE = "\uf91d\uf928\uf929\uf936\uf970\uf9d0\uf9dc"
"""The forms of 欄廊朗虜殺類隆 for compatibility in Japanese encodings, which stand outside of the block of the others."""

VOICING = "\u3099\u309a゛゜ﾞﾟ"

_SMALL = dict(zip("ァィゥェォッャュョヮヵヶ", "アイウエオツヤユヨワカケ", strict=True))
_ODD = {"ヽ": "ヽ", "ヾ": "ヽ", "ヷ": "ワ", "ヸ": "ヰ", "ヹ": "ヱ", "ヺ": "ヲ", "ヴ": "ウ"}


def _katakana(char: str) -> str:
    """The large katakana without its voicing mark."""
    bare = _ODD.get(char, unicodedata.normalize("NFD", char)[0])
    return _SMALL.get(bare, bare)


def _pairs() -> Iterator[tuple[str, str]]:
    for code in range(0x41, 0x5B):
        yield chr(code), chr(code + 0x20)
    for code in range(0xFF01, 0xFF5F):
        yield chr(code), chr(code - 0xFEE0).lower()
    for code in (*range(0x30A1, 0x30FB), 0x30FD, 0x30FE):
        yield chr(code), _katakana(chr(code))
    for code in (*range(0x3041, 0x3097), 0x309D, 0x309E):
        yield chr(code), _katakana(chr(code + 0x60))
    for code in range(0xFF66, 0xFF9E):
        yield chr(code), _katakana(unicodedata.normalize("NFKC", chr(code)))


def _compatible() -> Iterator[tuple[str, str]]:
    """Compatibility ideographs, which Unicode itself takes for another character, and digits in circles and the like."""
    others = map(ord, COMPATIBLE)
    for code in (*range(0x2460, 0x2469), 0xB2, 0xB3, 0xB9, *range(0x2070, 0x208A), *others, *range(0xFA0E, 0xFA6B)):
        char = chr(code)
        told = unicodedata.normalize("NFKC", char)
        if len(told) == 1 and told != char and told.isalnum():
            yield char, told


def _table() -> dict[str, str]:
    removed = dict.fromkeys(SEPARATORS + VOICING + SELECTORS, "")
    compatible = {char: VARIANTS.get(told, told) for char, told in _compatible()}
    pairs = {char: removed.get(folded, folded) for char, folded in _pairs() if char != folded}
    return compatible | VARIANTS | pairs | removed


TABLE = _table()
"""Character to character, or to nothing."""

_TRANSLATION = str.maketrans(TABLE)


def fold(text: str) -> str:
    """``text`` as it is compared: lower case, large katakana without voicing marks, no separators."""
    return text.translate(_TRANSLATION)


__all__ = ["SEPARATORS", "TABLE", "VOICING", "fold"]
