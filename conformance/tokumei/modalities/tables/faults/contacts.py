"""Faults that keep how a person is reached, who belongs to them, what they pay with, or what is coded of their bodies."""

from __future__ import annotations

from tokumei.declarations import FieldName
from tokumei.modalities.tables.baseline import Baseline


class _Kept(Baseline):
    """Keeps the fields of one generator, changed in some way, though they were to be dropped."""

    generators: tuple[str, ...] = ()
    person: str | None = None

    def drop(self, name: FieldName) -> None:
        info = self.organization.field(name)
        own = info.tokumei if info is not None else {}
        if own.get("generator") not in self.generators or (self.person and own.get("person") != self.person):
            super().drop(name)
            return
        for row in self.tables[name.resource]:
            value = row[name.field]
            row[name.field] = None if value is None else self.changed(value)

    def changed(self, value: str) -> str:
        return value


class DeviceAddressKept(_Kept):
    """Device addresses are taken for technical data, and kept without their colons."""

    generators = ("device-address",)

    def changed(self, value: str) -> str:
        return value.replace(":", "").lower()


class PhoneLastFour(_Kept):
    """Telephone numbers are masked to their last four digits."""

    generators = ("phone-number",)

    def changed(self, value: str) -> str:
        return f"***-****-{value[-4:]}"


class KinNameKept(_Kept):
    """Names are removed where they are of the patient."""

    generators = ("person-name",)
    person = "relative"


class KinNameMasked(_Kept):
    """Names of relatives keep their family name."""

    generators = ("person-name",)
    person = "relative"

    def changed(self, value: str) -> str:
        return f"{value.split(maxsplit=1)[0]} ＊＊"


class CardMasked(_Kept):
    """Card numbers are masked as on receipts."""

    generators = ("card-number",)

    def changed(self, value: str) -> str:
        return f"**** **** **** {value[-4:]}"


class AccountKept(_Kept):
    """Of a bank account its bank and branch are removed."""

    generators = ("bank-account",)

    def changed(self, value: str) -> str:
        return value.rsplit("-", maxsplit=1)[-1]


class TemplateCoarsened(_Kept):
    """Templates are kept at a tenth of their precision."""

    generators = ("face-template",)

    def changed(self, value: str) -> str:
        return " ".join(f"{round(int(part) / 10)}" for part in value.strip("[]").split(","))


class PanelKept(_Kept):
    """Genotypes are kept without the names of their places."""

    generators = ("snp-panel",)

    def changed(self, value: str) -> str:
        return " ".join(part.split(":")[1] for part in value.split(";"))


class CommentBehindTheCode(Baseline):
    """The comment of a code is dropped, and the code released with it."""

    def drop(self, name: FieldName) -> None:
        info, resource = self.organization.field(name), self.organization.resource(name.resource)
        codes = [i.name.field for i in resource.fields if "enum" in i.constraints and self.processing.released(i.name)]
        if info is not None and "freetext" in info.classes and codes:
            for row in self.tables[name.resource]:
                code, note = row[codes[0]], row[name.field]
                if code and note:
                    row[codes[0]] = f"{code}（{note[-16:]}）"
        super().drop(name)


FAULTS: dict[str, type[Baseline]] = {
    "device-address-kept": DeviceAddressKept,
    "phone-last-four": PhoneLastFour,
    "kin-name-kept": KinNameKept,
    "kin-name-masked": KinNameMasked,
    "card-masked": CardMasked,
    "account-kept": AccountKept,
    "template-coarsened": TemplateCoarsened,
    "panel-kept": PanelKept,
    "comment-behind-the-code": CommentBehindTheCode,
}
