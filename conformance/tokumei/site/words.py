"""The fixed words of the site in both languages."""

from __future__ import annotations

from tokumei.model import Text
from tokumei.vocabulary import NEEDS, STRENGTHS

LEVELS = {"shall": Text("必須", "shall"), "should": Text("推奨", "should"), "may": Text("許容", "may")}
OUTCOMES = {
    "privacy": Text("安全性", "privacy"),
    "use": Text("有用性", "use"),
    "process": Text("文書・手続", "process"),
}
STATUS = {"draft": Text("案", "draft"), "active": Text("有効", "active"), "withdrawn": Text("廃止", "withdrawn")}
FAMILIES = {
    "D": Text("宣言", "Declaration"),
    "O": Text("整理", "Organization"),
    "I1": Text("第1号 識別することができる記述等", "Item 1: identifying descriptions"),
    "I2": Text("第2号 個人識別符号", "Item 2: individual identification codes"),
    "I3": Text("第3号 連結符号", "Item 3: link codes"),
    "I4": Text("第4号 特異な記述等", "Item 4: peculiar descriptions"),
    "I5": Text("第5号 データベース等の性質", "Item 5: properties of the database"),
    "T": Text("時間", "Time"),
    "F": Text("施設及び職員", "Facilities and staff"),
    "X": Text("自由記載", "Free text"),
    "S": Text("統計", "Statistics"),
    "R": Text("リスク", "Risk"),
    "U": Text("有用性", "Usefulness"),
    "P": Text("手続", "Process"),
    "B": Text("製品のふるまい", "Behaviour of the product"),
    "DCM": Text("DICOM 画像", "DICOM images"),
    "CAM": Text("カメラ画像", "Camera images"),
    "SEC": Text("秘密計算", "Secure computation"),
}
VERDICTS = {
    "pass": Text("合格", "pass"),
    "fail": Text("不合格", "fail"),
    "inconclusive": Text("判定不能", "inconclusive"),
    "not_applicable": Text("対象外", "not applicable"),
}
VERIFICATIONS = {
    "test": Text("試験", "test"),
    "inspection": Text("文書の確認", "inspection"),
    "attestation": Text("申告", "attestation"),
}
KINDS = {"wrapper": Text("外側から加えた誤り", "wrapper"), "fault": Text("処理の内部の誤り", "fault")}

__all__ = [
    "FAMILIES",
    "KINDS",
    "LEGAL",
    "LEVELS",
    "NEEDS",
    "OUTCOMES",
    "STATUS",
    "STRENGTHS",
    "VERDICTS",
    "VERIFICATIONS",
]

LEGAL = Text(
    "この規格は、法令の適合性を判断するものではない。試験に合格しても、加工後データが匿名加工情報等に当たること、"
    "又は製品が認証を受けたことを意味しない。",
    "This standard does not judge lawfulness. A passed test says neither that a release is anonymized data in the "
    "sense of a law, nor that a product has been certified.",
)
