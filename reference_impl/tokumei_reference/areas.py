"""The prefectures of JIS X 0401 with their official names, and the eight customary regions."""

from __future__ import annotations

_REGIONS = {
    "北海道地方": "北海道",
    "東北地方": "青森県 岩手県 宮城県 秋田県 山形県 福島県",
    "関東地方": "茨城県 栃木県 群馬県 埼玉県 千葉県 東京都 神奈川県",
    "中部地方": "新潟県 富山県 石川県 福井県 山梨県 長野県 岐阜県 静岡県 愛知県",
    "近畿地方": "三重県 滋賀県 京都府 大阪府 兵庫県 奈良県 和歌山県",
    "中国地方": "鳥取県 島根県 岡山県 広島県 山口県",
    "四国地方": "徳島県 香川県 愛媛県 高知県",
    "九州・沖縄地方": "福岡県 佐賀県 長崎県 熊本県 大分県 宮崎県 鹿児島県 沖縄県",
}

PREFECTURES: tuple[tuple[str, str, str], ...] = tuple(
    (f"{number:02d}", name, region)
    for number, (name, region) in enumerate(
        ((name, region) for region, names in _REGIONS.items() for name in names.split()), start=1
    )
)
"""Code of two digits, name, region. The codes follow this order; that Mie is of Kinki is the customary reading."""
