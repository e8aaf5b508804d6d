"""What a policy that can be tried on sample pods makes of images: which it lets in, and where in a pod it looks."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from msgspec import Struct

from auditor.enforcement.chain import Fact, Flaw, Goal, Link, State
from auditor.enforcement.outsiders import outsiders
from auditor.enforcement.sample_pods import DIGEST, ELSEWHERE, Judge, Sample
from auditor.image import Entry, MalformedReference, parse, parse_entry

_TAGS = ("", ":latest", ":1.0")
_USUAL = ("docker.io/library", "registry.k8s.io", "quay.io", "library")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*(?::[0-9]+)?(?:/[A-Za-z0-9._-]+)*", re.ASCII)
_MOST = 80
_REPOSITORIES = 3
_OTHERS = 8


class Reading(Struct, frozen=True):
    """What becomes of images. A goal's state: `holds` what breaks it is denied, `broken` it is let in; a goal of which
    the policy says nothing is not there. `allowed` are registry entries that it lets in, normalised, where it is an
    allowlist that could be read. `open_ended` are its own patterns that neighbours slip through."""

    goals: dict[Goal, tuple[State, str]] = {}
    places: tuple[Link, ...] = ()
    allowed: tuple[str, ...] | None = None
    open_ended: tuple[tuple[str, str], ...] = ()

    @property
    def strength(self) -> tuple[int, int]:
        """How much it enforces, then how much it is about."""
        return sum(state == "holds" for state, _ in self.goals.values()), len(self.goals)

    def facts(self) -> Iterator[Fact]:
        unread = [link.name.removeprefix("reads ") for link in self.places if link.state == "broken"]
        if unread:
            yield Fact(Flaw.PARTIAL, f"it does not look at images of {', '.join(unread)}.", part="places")
        for pattern, example in self.open_ended:
            yield Fact(Flaw.OPEN_ENDED, f"{pattern} also lets in {example}.", part=pattern)


def read(judge: Judge, hints: Iterable[str], audited: Iterable[str] = (), *, images_alone: bool) -> Reading:
    """Tries a policy on sample images: those from nowhere, and those that its own texts (`hints`) name.

    `audited` are the entries that the audit allows: tags of these are what the goal digests is about. A policy that
    denies every sample denies everything if images are all that it reads (`images_alone`); else it may deny the samples
    for something else, and what it makes of images is not known.
    """
    hints = list(dict.fromkeys(part.strip() for hint in hints for part in hint[:2000].split("|")))
    tried = _Trial(judge)
    elsewhere = [tried.denied(image) for image in ELSEWHERE]
    if None in elsewhere:
        unsure: tuple[State, str] = ("unknown", "what it makes of images could not be read")
        return Reading({Goal.REGISTRIES: unsure, Goal.DIGESTS: unsure})
    usual = [name for text in [*audited, *_USUAL] for name in _names(text)]
    names = list(dict.fromkeys([*usual, *(name for hint in hints for name in _names(hint))]))[:_MOST]
    pinned = [name for name in names if tried.lets_in(f"{name}{DIGEST}")]
    pinned += [ELSEWHERE[0].partition("@")[0]] if elsewhere[0] is False else []
    under = {name.removesuffix("/app") for name in pinned}
    exact = [hint for hint in hints if _base(hint) not in under and _parses(hint) and tried.lets_in(hint)]
    goals: dict[Goal, tuple[State, str]] = {}
    listed = all(elsewhere)
    past = _way_past(tried, pinned, exact, names, list(hints)) if listed else ""
    if listed and (pinned or exact or images_alone):
        goals[Goal.REGISTRIES] = ("unknown", past) if past else ("holds", "images from elsewhere are denied")
    elif listed:
        goals[Goal.REGISTRIES] = ("unknown", "it denies every sample, perhaps for something else than images")
        return Reading(goals)
    elif any(tried.denied(f"{name}{DIGEST}") for name in names):
        goals[Goal.REGISTRIES] = ("broken", f"it names what is denied: {_short(ELSEWHERE[0])} is let in")
    digests, exempt = _digests(tried, pinned)
    if digests is not None:
        goals[Goal.DIGESTS] = digests
    if not goals and images_alone:
        goals[Goal.REGISTRIES] = ("broken", "it lets in every sample image")
    return Reading(
        goals,
        (*_places(tried, goals, pinned, exact), *exempt),
        _allowed(tried, hints, pinned, exact) if listed and (pinned or exact) else None,
        tuple(_open_ended(tried, hints, under)) if listed else (),
    )


def _way_past(tried: _Trial, pinned: list[str], exact: list[str], names: list[str], hints: Sequence[str]) -> str:
    """A pod that gets an image from elsewhere in although the plain one does not; empty if none was found."""
    bad = ELSEWHERE[0]
    host = bad.partition("/")[0]
    good = f"{pinned[0]}{DIGEST}" if pinned else exact[0] if exact else bad
    ways = {
        "a second container with a forbidden image": Sample((good, bad)),
        "a forbidden image before an allowed one": Sample((bad, good)),
        "a forbidden image with tag and digest": Sample((f"{host}/app:1.0{DIGEST}",)),
        "a forbidden image by tag": Sample((f"{host}/app:1.0",)),
        "a forbidden image at a deeper path": Sample((f"{host}/team/group/app{DIGEST}",)),
    }
    for name in pinned[:1] or names[:_OTHERS]:
        beside = (f"{name}{DIGEST}",)
        ways[f"a forbidden image beside an init container of {name}"] = Sample((bad,), init=beside)
        ways[f"a forbidden image beside an image volume of {name}"] = Sample((bad,), volumes=beside)
    for what, sample in ways.items():
        denied = tried.judge(sample)
        if denied is not True:
            return f"it {'may let' if denied is None else 'lets'} in {what}"
    meant = [entry for name in (*pinned, *exact) if (entry := _registry_entry(name.removesuffix("/app"))) is not None]
    for image in outsiders(hints):
        if tried.lets_in(image) and not _covered(image, meant):
            return f"it lets in {_short(image)}"
    return ""


class _Trial:
    """Asks the judge once for each image."""

    def __init__(self, judge: Judge) -> None:
        self.judge = judge
        self._known: dict[str, bool | None] = {}

    def denied(self, image: str) -> bool | None:
        if image not in self._known:
            self._known[image] = self.judge(Sample((image,)))
        return self._known[image]

    def lets_in(self, image: str) -> bool:
        return self.denied(image) is False


def _digests(tried: _Trial, pinned: list[str]) -> tuple[tuple[State, str] | None, tuple[Link, ...]]:
    """What becomes of tags of the first repositories that are let in by digest, and of others, which may be exempt.

    None where tags are never denied: it is not about digests.
    """
    found = {name: {f"{name}{tag}": tried.denied(f"{name}{tag}") for tag in _TAGS} for name in pinned}
    every = [denied for images in found.values() for denied in images.values()]
    if not any(every) and None not in every:
        return None, ()
    first = {image: denied for name in pinned[:_REPOSITORIES] for image, denied in found[name].items()}
    let_in = next((image for image, denied in first.items() if denied is False), None)
    if let_in is not None:
        return ("broken", f"it lets in tags, such as {let_in}"), ()
    if None in first.values():
        return ("unknown", "what it makes of tags could not be read"), ()
    other = next((image for images in found.values() for image, denied in images.items() if denied is False), None)
    exempt = (Link("exemptions", "broken", f"tags such as {other} are let in", essential=False),) if other else ()
    return ("holds", "images without a digest are denied"), exempt


def _places(tried: _Trial, goals: dict[Goal, tuple[State, str]], pinned: list[str], exact: list[str]) -> Iterator[Link]:
    bad = ""
    good = (f"{pinned[0]}{DIGEST}",) if pinned else tuple(exact[:1])
    held = {goal for goal, (state, _) in goals.items() if state == "holds"}
    if Goal.REGISTRIES in held:
        bad = ELSEWHERE[0]
    elif Goal.DIGESTS in held and pinned:
        bad = f"{pinned[0]}:1.0"
    if not bad:
        return
    samples = {
        "init containers": Sample(good, init=(bad,)),
        "ephemeral containers": Sample(good, ephemeral=(bad,)),
        "image volumes": Sample(good, volumes=(bad,)),
    }
    for place, sample in samples.items():
        denied = tried.judge(sample)
        state: State = "unknown" if denied is None else "holds" if denied else "broken"
        told = {"holds": "is denied", "broken": "is let in", "unknown": "may be let in"}[state]
        yield Link(f"reads {place}", state, f"a forbidden image of {place} {told}", essential=False)


def _names(hint: str) -> Iterator[str]:
    """Names of repositories that a text of a policy may stand for: a prefix, a pattern or a whole reference."""
    base = _base(hint)
    if _NAME.fullmatch(base):
        yield f"{base}/app"
        if "/" in base or not set(".:") & set(base):
            yield base
    elif _NAME.fullmatch(f"{base}app"):
        # A prefix that ends within a segment.
        yield f"{base}app"


def _base(pattern: str) -> str:
    """What is left of a prefix, a glob or a simple regular expression without its open end."""
    text = pattern.removeprefix("!").removeprefix("^").removesuffix("$").replace("\\.", ".").replace("\\/", "/")
    text = re.sub(r"(?:\.\*|\.\+|\*)+$", "", text[:300]).replace("*", "x")
    return text.partition("@")[0].rstrip("/:")


def _parses(hint: str) -> bool:
    try:
        parse(hint)
    except MalformedReference:
        return False
    return True


def _allowed(tried: _Trial, hints: Iterable[str], pinned: list[str], exact: list[str]) -> tuple[str, ...] | None:
    """The registry entries among a policy's own texts under which images are let in."""
    found: dict[str, None] = {}
    for name in [*pinned, *exact]:
        entry = _entry(tried, name)
        if entry is None:
            return None
        found[entry] = None
    if any("*" in hint.rstrip("*") for hint in hints):
        return None
    return tuple(found)


def _entry(tried: _Trial, name: str) -> str | None:
    """The widest entry around a name that is let in: as long as another image under it is let in too."""
    try:
        reference = parse(name)
        parts = name.partition("@")[0].split("/")
        for length in range(1, len(parts)):
            prefix = "/".join(parts[:length])
            if all(tried.lets_in(f"{prefix}/{other}{DIGEST}") for other in ("app", "other/app")):
                return str(parse_entry(prefix))
        return reference.name
    except MalformedReference:
        return None


def _open_ended(tried: _Trial, hints: Iterable[str], allowed: Iterable[str]) -> Iterator[tuple[str, str]]:
    """The patterns that let in what only starts alike: a longer segment, or another registry. What lies under another
    name that is `allowed` was meant."""
    meant = [entry for name in allowed if (entry := _registry_entry(name)) is not None]
    for hint in hints:
        base = _base(hint)
        if not _NAME.fullmatch(base) or not any(tried.lets_in(f"{name}{DIGEST}") for name in _names(base)):
            continue
        host = "/" not in base and set(".:") & set(base)
        others = [f"{base}.evil.invalid/app"] if host else [f"{base}-evil/app", f"{base}.evil.invalid/app"]
        own = _registry_entry(base)
        wider = [entry for entry in meant if entry != own]
        others = [other for other in others if not _covered(other, wider)]
        other = next((other for other in others if tried.lets_in(f"{other}{DIGEST}")), None)
        if other is not None:
            yield hint, other


def _covered(image: str, entries: Iterable[Entry]) -> bool:
    """Whether an entry covers an image; what is no image reference could not run and is nothing to cover."""
    try:
        reference = parse(image)
    except MalformedReference:
        return True
    return any(entry.covers(reference) for entry in entries)


def _registry_entry(name: str) -> Entry | None:
    try:
        return parse_entry(name)
    except MalformedReference:
        return None


def _short(image: str) -> str:
    return image.partition("@")[0]
