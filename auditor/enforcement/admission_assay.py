"""What an admission policy does to images, found by trying: which goals it serves, where, and who gets past."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from msgspec import Struct

from auditor.enforcement.admission_bench import Bench
from auditor.enforcement.admission_objects import Definition
from auditor.enforcement.admission_places import places_of
from auditor.enforcement.admission_review import Context, Outcome, Review
from auditor.enforcement.candidates import MOST, Candidate, neighbours
from auditor.enforcement.chain import Goal
from auditor.enforcement.outsiders import names, outsiders
from auditor.enforcement.samples import DIGEST, Sample
from auditor.image import MalformedReference, parse
from auditor.policy import Policy

_MOST_BASES = 4
_TAGS = frozenset({":latest", "latest"})


class Finding(Struct, frozen=True):
    """How a goal fares: `denied`, `allowed` or `unknown`, and why; `skipped` by match conditions. `places` are the
    answers in `admission_places.PLACES`."""

    outcome: Outcome
    detail: str = ""
    skipped: bool = False
    places: Mapping[str, Review] = {}


class Assay(Struct, frozen=True):
    """`goals` are those that it serves or may serve. `everything`: it denies all pods that were tried; `forced`:
    whatever the binding's actions. `allowed` are the registry entries that it lets in, None where that was not found.
    The rest are clauses, empty where not so."""

    goals: Mapping[Goal, Finding]
    everything: bool = False
    forced: bool = False
    allowed: tuple[str, ...] | None = None
    open_ended: str = ""
    by_author: str = ""
    by_user: str = ""


def assay(definition: Definition, context: Context, policy: Policy) -> Assay:
    """Tries a policy in one place of the cluster; `policy` is the audit's."""
    bench = Bench(definition, context, policy)
    if bench.everything():
        finding = Finding("denied", f"it denies every pod: {bench.plain.detail}", places=places_of(bench, bench.bad))
        return Assay(dict.fromkeys(Goal, finding), everything=True, forced=bench.plain.forced)
    if not any(validation.reads_images for validation in definition.validations):
        if not bench.hopeless():
            return Assay({})
        detail = "no pod was found that it lets in, and its validations read no image"
        return Assay({Goal.REGISTRIES: Finding("unknown", detail)})
    found = {Goal.REGISTRIES: _registries(bench), Goal.DIGESTS: _digests(bench)}
    goals = {goal: finding for goal, finding in found.items() if finding}
    told = goals.get(Goal.REGISTRIES)
    if Goal.DIGESTS in goals and told and told.outcome == "allowed" and not _denied_anywhere(told):
        # It is about tags and digests, and says nothing about registries.
        del goals[Goal.REGISTRIES]
    if bench.plain.outcome != "denied":
        return Assay(goals)
    told = goals.get(Goal.REGISTRIES)
    served = told is not None and (told.outcome == "denied" or told.detail == _unapproved(bench))
    return Assay(
        goals,
        forced=bench.plain.forced,
        allowed=_entries(bench.good) if served and _lets_in(bench) and len(bench.tried) < MOST else None,
        open_ended=_open_ended(bench),
        by_author=bench.by_author(),
        by_user=bench.by_user(),
    )


def _registries(bench: Bench) -> Finding | None:
    plain = bench.plain
    if plain.outcome == "unknown":
        return Finding("unknown", plain.detail, places=places_of(bench, bench.bad))
    if plain.outcome == "denied":
        past = next(_ways_past(bench), None) or _unapproved(bench)
        outcome: Outcome = "unknown" if past else "denied"
        return Finding(outcome, past or plain.detail, places=places_of(bench, bench.bad))
    places = places_of(bench, bench.bad)
    if doubt := _doubt(bench):
        return Finding("unknown", doubt, places=places)
    if plain.outcome == "otherwise":
        return None
    return Finding("allowed", plain.detail or f"it lets in {bench.host}/sample", plain.skipped, places)


def _doubt(bench: Bench) -> str:
    """Why a policy that lets the plain pod in may be one about registries all the same."""
    for candidate, answer in bench.tried:
        if candidate.stated and answer.outcome == "denied" and not answer.everything:
            return f"it refuses images by name, such as {candidate.name}, and lets in what is not listed"
    if name := bench.by_name():
        return f"it holds for pods of certain names, such as {name}"
    for user in bench.users():
        if bench.ask(Sample((bench.bad,), user=user)).outcome == "denied":
            return f"it holds for {user.name} and not for everybody"
    if bench.ask(Sample((bench.bad,), token=False)).outcome == "denied":
        return "it holds for pods without a token, and not for others"
    return ""


def _ways_past(bench: Bench) -> Iterator[str]:
    """Ways past a policy that denies the plain pod with a forbidden image."""
    bad, host = bench.bad, bench.host
    base = bench.good[0].pinned if bench.good else bad
    tried = [candidate.pinned for candidate, _ in bench.tried][:_MOST_BASES]
    ways = {
        "a second container with a forbidden image": Sample((base, bad)),
        "a forbidden image before an allowed one": Sample((bad, base)),
        "an image with tag and digest": Sample((f"{host}/sample:1.0@{DIGEST}",)),
        "an image with a tag": Sample((f"{host}/sample:1.0",)),
        "an image at a deeper path": Sample((f"{host}/team/group/sample@{DIGEST}",)),
        "a registry with a port": Sample((f"{host}:5000/sample@{DIGEST}",)),
        "a pod whose name is generated": Sample((bad,), named=False),
        "a pod that does what good practice asks for": Sample((bad,), dressed=True),
        "a pod without a token": Sample((bad,), token=False),
        "a dry run": Sample((bad,), dry_run=True),
    }
    ways |= {f"a pod of the name {value}": Sample((bad,), changes=((path, value),)) for path, value in bench.names()}
    ways |= {f"a pod with an init container of {image}": Sample((bad,), init=(image,)) for image in tried}
    ways |= {f"a pod with an image volume of {image}": Sample((bad,), volumes=(image,)) for image in tried}
    ways |= {f"pods of {user.name}": Sample((bad,), user=user) for user in bench.users()}
    for what, sample in ways.items():
        answer = bench.ask(sample)
        if answer.outcome == "allowed":
            yield f"it lets in {what}"
        elif answer.outcome == "unknown":
            yield f"it cannot be decided for {what}: {answer.detail}"
    for candidate, told in bench.tried:
        # Where it is not known what is meant, an open end is one among the ways past.
        for image in neighbours(candidate, host) if candidate.stated and told.outcome == "unknown" else ():
            if bench.ask(Sample((image,))).outcome in ("allowed", "unknown"):
                yield f"it cannot be decided for {candidate.name}: {told.detail}"
    for image in outsiders(bench.words):
        if not _allowed_on_purpose(bench, image) and bench.ask(Sample((image,))).outcome == "allowed":
            yield f"it lets in {image.partition('@')[0]}"


def _unapproved(bench: Bench) -> str:
    """A registry that the policy itself names and lets in, though the audit's allowlist has it nowhere."""
    for candidate in bench.good:
        if candidate.stated and bench.audited.approves_somewhere(parse(candidate.pinned)) is False:
            return f"it lets in {candidate.entry}, which the audit policy does not allow"
    return ""


def _denied_anywhere(finding: Finding) -> bool:
    return any(answer.outcome == "denied" for answer in finding.places.values())


def _lets_in(bench: Bench) -> bool:
    """Whether pods of what it lets in are let in without a token, and so without a volume, too."""
    samples = [Sample((candidate.pinned,), token=False) for candidate in bench.good[:1]]
    return all(bench.ask(sample).outcome in ("allowed", "otherwise") for sample in samples)


def _allowed_on_purpose(bench: Bench, image: str) -> bool:
    """Whether a registry that the policy names, or the audit's allowlist, covers an image."""
    try:
        reference = parse(image)
    except MalformedReference:
        return True  # nothing that could run
    if bench.audited.approves_somewhere(reference):
        return True
    return any(candidate.entry.covers(reference) for candidate in bench.good)


def _digests(bench: Bench) -> Finding | None:
    if not bench.good:
        hinted = any("sha256" in word for word in bench.words)
        return Finding("unknown", bench.plain.detail) if hinted and bench.plain.outcome == "unknown" else None
    good = bench.good[0]
    tagged = f"{good.name}:1.0"
    beside = good.name.rpartition("/")[0]
    samples = (
        *(Sample((form,)) for form in (tagged, good.name, f"{good.name}:latest")),
        *(Sample((f"{beside}/{name}",)) for name in names(bench.words)),
        Sample((good.pinned, tagged)),
        Sample((tagged, good.pinned)),
        Sample((tagged,), token=False),
        Sample((tagged,), dry_run=True),
    )
    answers = [(sample, bench.ask(sample)) for sample in samples]
    first = answers[0][1]
    past = next(((sample, answer) for sample, answer in answers if answer.outcome != "denied"), None)
    if past is None:
        return Finding("denied", first.detail, places=places_of(bench, tagged))
    if first.outcome == "denied":
        detail = f"it lets in {' with '.join(past[0].images)}"
        detail += " in a dry run" if past[0].dry_run else "" if past[0].token else " without a token"
        return Finding("unknown", detail, places=places_of(bench, tagged))
    if first.outcome == "unknown":
        return Finding("unknown", first.detail, places=places_of(bench, tagged))
    if any(word in _TAGS or "sha256" in word for word in bench.words):
        return Finding("allowed", f"it lets in {tagged}")
    return None


def _open_ended(bench: Bench) -> str:
    entries = [candidate.entry for candidate in bench.good]
    for candidate in bench.good:
        for image in neighbours(candidate, bench.host) if candidate.stated else ():
            # `docker.io/library-evil` is none of docker.io/library, and yet allowed where docker.io is.
            try:
                reference = parse(image)
            except MalformedReference:
                continue  # nothing that could run
            if any(entry.covers(reference) for entry in entries):
                continue
            if bench.ask(Sample((image,))).outcome in ("allowed", "otherwise"):
                return f"it lets in {image.partition('@')[0]} too"
    return ""


def _entries(good: Iterable[Candidate]) -> tuple[str, ...] | None:
    """The widest of the entries."""
    found = sorted({candidate.entry for candidate in good}, key=str)
    wide = [
        entry
        for entry in found
        if not any(
            entry != other
            and entry.registry == other.registry
            and (not other.path or entry.path.startswith(f"{other.path}/"))
            for other in found
        )
    ]
    return tuple(map(str, wide)) or None
