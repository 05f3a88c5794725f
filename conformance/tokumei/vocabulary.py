"""The words that the site and the reports share, for the closed vocabularies of the standard."""

from __future__ import annotations

from tokumei.model import Text

STRENGTHS = {
    "law": Text("法令", "law"),
    "guideline": Text("ガイドライン等", "guideline"),
    "own": Text("本規格", "this standard"),
    "": Text("求めない", "not asked"),
}
NEEDS = {
    "release": Text("加工後データ", "the release"),
    "claim": Text("提供仕様書", "the declarations of the release"),
    "input": Text("入力データ", "the input"),
    "canary": Text("入力に仕込んだ目印の値", "marker values planted in the input"),
    "alignment.cell": Text("入力の群と加工後の行との対応", "which group of the input a released row came from"),
    "alignment.person": Text("入力の本人と加工後の行との対応", "which subject a released row came from"),
    "release×2": Text("秘密を替えた 2 回の加工後データ", "2 releases made with different secrets"),
    "permuted": Text("行の順序を替えた入力による加工後データ", "a release of the input in another row order"),
    "same-secret": Text("同じ入力及び秘密による 2 回の加工後データ", "2 releases of one input made with one secret"),
    "refusal": Text("加工の拒否", "a refusal"),
    "log": Text("ログ", "the log"),
    "filesystem": Text("作業領域の変化", "changes in the file system"),
    "network": Text("ネットワークを見張った呼出し", "calls watched for a network"),
    "fault": Text("障害を起こした実行", "a run with an injected fault"),
}
EXTENSIONS = {
    "text": Text("自由記載", "Free text"),
    "multi": Text("複数回の提供", "Several releases"),
    "stat": Text("集計表", "Count tables"),
    "genome": Text("ゲノムデータ", "Genomes"),
    "dicom": Text("医用画像（DICOM 等）", "Medical images (DICOM)"),
    "camera": Text("写真及びカメラ画像", "Photographs and camera images"),
    "cert": Text("認定作成事業者の手続", "Procedures of certified makers"),
    "secure": Text("秘匿計算", "Secure computation"),
}
"""The profiles beside ``core``. All but the last two are mandatory where a release contains what they are about."""
