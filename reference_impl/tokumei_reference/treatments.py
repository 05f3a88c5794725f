"""What happens to each field, out of the steps; refuses fields without a step and forbidden releases."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from tokumei_reference.declarations import Field, Organization, Processing, Step
from tokumei_reference.exclusions import excluded
from tokumei_reference.refusals import Refusal, unsupported
from tokumei_reference.values import is_integer, is_number

# Of the vocabulary of the standard, but not done here.
_OTHERS = frozenset({"text-redact", "uid-map", "path-rebuild"})
_PARAMS = {
    "suppress-record": {"field", "equals", "in", "of"},
    "suppress-column": set(),
    "text-drop": set(),
    "keep": set(),
    "generalize": {"bin", "hierarchy", "level", "truncate"},
    "top-bottom-code": {"top", "bottom", "topLabel", "bottomLabel"},
    "date-coarsen": {"to"},
    "suppress-cell": {"equals", "in", "rareBelow", "gap"},
    "microaggregate": {"size", "aggregate"},
    "swap": {"fraction", "within", "secret"},
    "noise": {"distribution", "scale", "round", "minimum", "maximum", "secret"},
    "synthesize": {"method", "epsilon", "delta", "rareBelow", "share"},
    "pseudonymize-keyed": {"function", "secret", "scope", "domain", "bits"},
    "pseudonymize-random": {"scope", "domain", "bits"},
    "date-shift": {"by", "range", "unit", "secret", "preserve"},
    "k-search": {"algorithm", "k", "maxSuppressed", "recoding"},
    "sample": {"fraction", "of", "secret"},
    "shuffle-rows": {"secret"},
}
_DROPS = ("suppress-column", "text-drop")
_PSEUDONYMS = ("pseudonymize-keyed", "pseudonymize-random")
# Techniques that look at a whole column or table, and so run on the released rows.
WHOLE = ("suppress-cell", "microaggregate", "swap", "noise", "synthesize")
# Classes that no regime lets through as they are; generalizing or moving one is no better.
_NEVER_KEPT = frozenset({"direct", "symbol", "freetext", "link", "staff"})


@dataclass(frozen=True, slots=True)
class Treatment:
    """The steps of one field in their order; ``released`` is False when the column is removed."""

    field: Field
    steps: tuple[Step, ...]

    @property
    def released(self) -> bool:
        return self.steps[0].technique not in _DROPS

    @property
    def pseudonym(self) -> bool:
        """Whether persons or things get another name."""
        return self.steps[0].technique in _PSEUDONYMS

    @property
    def values(self) -> tuple[Step, ...]:
        """The steps that change a value by itself; none means that it is kept."""
        return tuple(step for step in self.steps if step.technique not in WHOLE)

    @property
    def whole(self) -> tuple[Step, ...]:
        """The steps over the whole column."""
        return tuple(step for step in self.steps if step.technique in WHOLE)

    def before_values(self, step: Step) -> bool:
        """Whether a step over the column comes before its values are changed."""
        return any(other.index > step.index for other in self.values)


@dataclass(frozen=True, slots=True)
class OptOut:
    """A suppress-record step: persons with one of these texts in this field are removed everywhere."""

    field: Field
    texts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sample:
    """A sample step: this share of the persons is drawn, the others are removed everywhere."""

    step: Step
    fraction: float


@dataclass(frozen=True, slots=True)
class Search:
    """A k-search step by suppression of persons."""

    step: Step
    quasi: tuple[Field, ...]
    k: int
    max_suppressed: float


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that will be done."""

    treatments: Mapping[tuple[str, str], Treatment]
    opt_outs: tuple[OptOut, ...]
    searches: tuple[Search, ...]
    shuffles: tuple[Step, ...]
    whole: tuple[Step, ...]
    sample: Sample | None = None

    def of(self, field: Field) -> Treatment:
        return self.treatments[field.resource, field.name]


def invalid(step: Step, *parts: object) -> Refusal:
    return Refusal("DECLARATION_INVALID", step.at(*parts))


def plan(organization: Organization, processing: Processing) -> Plan:
    """Assign every step to its fields and check the whole."""
    chains: dict[tuple[str, str], list[Step]] = {
        (field.resource, field.name): [] for resource in organization.resources for field in resource.fields
    }
    opt_outs: list[OptOut] = []
    searches: list[Search] = []
    shuffles: list[Step] = []
    samples: list[Sample] = []
    steps = [_expanded(organization, processing, step) for step in processing.steps]
    for step in steps:
        _check_params(step)
        if step.technique in ("suppress-record", "shuffle-rows", "sample"):
            names = {resource.name for resource in organization.resources}
            for i, name in enumerate(step.fields):
                if name not in names:
                    raise invalid(step, "fields", i)
            if step.technique == "suppress-record":
                opt_outs.append(_opt_out(organization, step))
            elif step.technique == "sample":
                samples.append(_sample(step, steps))
            else:
                shuffles.append(step)
            continue
        fields = quasi(organization, step.fields, step.at("fields"))
        if step.technique == "k-search":
            searches.append(_search(step, fields))
            continue
        for i, field in enumerate(fields):
            chain = chains[field.resource, field.name]
            _check_link(step, i, field, chain)
            chain.append(step)
    treatments = {}
    for resource in organization.resources:
        for field in resource.fields:
            chain = chains[field.resource, field.name]
            if not chain:
                raise Refusal("DECLARATION_INVALID", f"/resources/{resource.index}/schema/fields/{field.index}")
            treatments[field.resource, field.name] = Treatment(field, tuple(chain))
    whole = tuple(step for step in steps if step.technique in WHOLE)
    made = Plan(treatments, tuple(opt_outs), tuple(searches), tuple(shuffles), whole, samples[0] if samples else None)
    for search in searches:
        for i, field in enumerate(search.quasi):
            chain = list(made.of(field).steps)
            # Released values are what is counted; a transformation after the search would undo it.
            if not made.of(field).released or any(step.index > search.step.index for step in made.of(field).values):
                raise invalid(search.step, "fields", i)
            # Offsets are made for those who stay, and columns changed as a whole are theirs: after the search.
            if made.of(field).whole or chain[0].technique == "date-shift" or is_numbered(chain[0]):
                raise unsupported(search.step.at("fields", i))
    for flag, texts in excluded(organization, processing):
        if texts - {text for opt_out in opt_outs if opt_out.field == flag for text in opt_out.texts}:
            raise Refusal("DECLARATION_INVALID", "/steps")
    return made


def _expanded(organization: Organization, processing: Processing, step: Step) -> Step:
    """A synthesize step over a whole table, written field by field: all that no other step removes."""
    tables = {resource.name: resource for resource in organization.resources}
    if step.technique != "synthesize" or not set(step.fields) & set(tables):
        return step
    removed = {name for other in processing.steps if other.technique in _DROPS for name in other.fields}
    names = []
    for name in step.fields:
        whole = [f"{name}.{field.name}" for field in tables[name].fields] if name in tables else [name]
        names += [each for each in whole if each not in removed or name not in tables]
    return replace(step, fields=tuple(names))


def _check_link(step: Step, at: int, field: Field, chain: list[Step]) -> None:
    """Whether a step may follow those that its field already has."""
    names = [other.technique for other in chain]
    changed = [name for name in names if name not in WHOLE]
    ends = step.technique in (*_DROPS, *_PSEUDONYMS, "date-shift")
    if not ends and field.classes & _NEVER_KEPT and not set(names) & set(_PSEUDONYMS):
        raise Refusal("POLICY_FORBIDDEN", step.at("fields", at))
    if step.technique == "synthesize" and any(map(is_numbered, chain)):
        raise unsupported(step.at("fields", at), "NUMBERS_INVENTED")
    if step.technique in WHOLE:
        # A pseudonym must stay one; only an invented row has an invented one.
        fits = step.technique == "synthesize" or not set(names) & {*_PSEUDONYMS, *_DROPS}
        fits = fits and not set(names) & {"keep", *_DROPS} and "synthesize" not in names
    elif ends:
        fits = not chain
    else:
        # The one meaningful chain of values: code the extremes, then generalize. Only cells may go before.
        fits = set(names) <= {"suppress-cell", "top-bottom-code"} and (
            not changed or (changed, step.technique) == (["top-bottom-code"], "generalize")
        )
    if not fits:
        raise invalid(step, "fields", at)


def quasi(organization: Organization, names: tuple[str, ...], path: str) -> tuple[Field, ...]:
    """The named fields; unknown or repeated names are refused."""
    found: list[Field] = []
    for i, name in enumerate(names):
        field = organization.find(name)
        if field is None or field in found:
            raise Refusal("DECLARATION_INVALID", f"{path}/{i}")
        found.append(field)
    if not found:
        raise Refusal("DECLARATION_INVALID", path)
    return tuple(found)


def _check_params(step: Step) -> None:
    if step.technique in _OTHERS:
        raise unsupported(step.at("technique"))
    if step.technique not in _PARAMS:
        raise invalid(step, "technique")
    for name in step.params:
        if name not in _PARAMS[step.technique]:
            raise invalid(step, "params", name)


def _opt_out(organization: Organization, step: Step) -> OptOut:
    field = organization.find(step.params.get("field"))
    if field is None:
        raise invalid(step, "params", "field")
    if ("equals" in step.params) == ("in" in step.params):
        raise invalid(step, "params")
    texts = step.params["in"] if "in" in step.params else [step.params["equals"]]
    if not isinstance(texts, list) or not texts or not all(isinstance(text, str) for text in texts):
        raise invalid(step, "params")
    if step.params.get("of") != "subject":
        raise unsupported(step.at("params", "of"))
    return OptOut(field, tuple(texts))


def is_numbered(step: Step) -> bool:
    """Whether pseudonyms are the numbers of a random permutation: those who stay are numbered."""
    bits = step.params.get("bits")
    return step.technique == "pseudonymize-random" and is_integer(bits) and bits == 0


def _sample(step: Step, steps: Sequence[Step]) -> Sample:
    """Everything that looks at several persons looks at the drawn ones; who refused is never among them."""
    fraction = step.params.get("fraction")
    if not is_number(fraction) or not 0 < fraction <= 1:
        raise invalid(step, "params", "fraction")
    if step.params.get("of") != "subject":
        raise unsupported(step.at("params", "of"), "SAMPLE_ROWS")
    for other in steps:
        late = other.technique in ("suppress-record", "sample") and other.index > step.index
        if late or (other.technique in ("k-search", *WHOLE) and other.index < step.index):
            raise Refusal("DECLARATION_INVALID", step.at(), why="SAMPLE_ORDER")
    return Sample(step, fraction)


def _search(step: Step, fields: tuple[Field, ...]) -> Search:
    if step.params.get("recoding", "global") != "global":
        raise Refusal("DECLARATION_INVALID", step.at("params", "recoding"), why="LOCAL_NEEDS_OPTIMAL")
    if step.params.get("algorithm") != "suppression":
        raise unsupported(step.at("params", "algorithm"))
    k, share = step.params.get("k"), step.params.get("maxSuppressed", 1.0)
    if not is_integer(k) or k < 2:
        raise invalid(step, "params", "k")
    if isinstance(share, bool) or not isinstance(share, (int, float)) or not 0 <= share <= 1:
        raise invalid(step, "params", "maxSuppressed")
    if len({field.resource for field in fields}) > 1:
        raise unsupported(step.at("fields"))
    return Search(step, fields, k, float(share))
