"""What is known of one image, for a person and as JSON."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import msgspec

from auditor.escape import escape_json
from auditor.evidence import ImageEvidence, Platform
from auditor.explanation import Content, Explanation, Pull, Standing
from auditor.published import finding_to_dict
from auditor.report import GoalRow
from auditor.reporters.cells import wrap_name, wrap_text
from auditor.reporters.grid import paint, table
from auditor.reporters.table import columns_for, joined

SCHEMA = "auditor.explanation/v1"
_MARGIN = "  "
_SHOWN = 20


def render_text(found: Explanation, width: int = 80, colour: bool = False) -> str:
    """Sections in the order of the questions that one asks of an image. What was not read stands where it is missed."""
    width = columns_for(width)
    room = width - len(_MARGIN)
    return joined(
        (
            wrap_name(found.reference or found.asked, width),
            *(_content(content, room) for content in found.contents),
            _section("NO IMAGE REFERENCE, SO NO NODE CAN PULL IT", _uses(found.malformed), room),
            _section("SIGNED BY", _signed(found.contents), room),
            _section("PULLED WITH", _pulls(found.pulls), room),
            _section(f"CACHED ON NODES ({len(found.cached):,})", _cached(found), room),
            _section("BY THE POLICY", _policy(found), room),
            _section("ENFORCED AT ADMISSION", _enforced(found.enforcement), room),
            _findings(found, room, colour),
            _section("NOT READ, SO THERE MAY BE MORE", _unread(found.unread), room),
        )
    )


def _content(content: Content, room: int) -> list[str]:
    """One content: what it is, and where it runs."""
    lines = ["", *wrap_name(content.name, room)]
    rows = [
        [
            f"{use.namespace}/{use.kind}/{use.name}",
            use.container,
            ", ".join(use.roles),
            str(use.pods) if use.pods else "-",
        ]
        for use in content.uses
    ]
    lines += table(["runs in", "container", "as", "pods"], rows[:_SHOWN], room, right=[3])
    if len(rows) > _SHOWN:
        lines.append(f"and {len(rows) - _SHOWN:,} more")
    written = sorted({use.image for use in content.uses})
    lines += _told("specs write", ", ".join(written[:_SHOWN]), room)
    lines += _told("nodes run", ", ".join(content.platforms) or "not known which platforms", room)
    lines += [line for text in _registry(content.registry) for line in wrap_text(text, room, _MARGIN)]
    lines += [line for text in _scans(content) for line in wrap_text(text, room, _MARGIN)]
    return ["CONTENT", *(f"{_MARGIN}{line}".rstrip() for line in lines[1:])]


def _told(what: str, text: str, room: int) -> list[str]:
    return wrap_text(f"{what}: {text}", room, _MARGIN)


def _registry(row: ImageEvidence | None) -> Iterator[str]:
    if row is None:
        yield "registry: not asked (`--registry` asks)"
        return
    if row.unavailable:
        yield f"registry: {row.unavailable.kind}{f', {row.unavailable.detail}' if row.unavailable.detail else ''}"
        return
    yield f"registry: {row.media_type or 'there'}, {row.digest}"
    for platform in row.platforms:
        yield f"{platform.platform or platform.digest}: {_platform(platform)}"
    kinds = sorted({signature.format for signature in row.signatures})
    missing = f" (not all could be read: {row.signatures_unavailable.kind})" if row.signatures_unavailable else ""
    of_kinds = f" ({', '.join(kinds)})" if kinds else ""
    yield f"signatures in the registry: {len(row.signatures)}{of_kinds}{missing}"


def _platform(platform: Platform) -> str:
    if platform.unavailable:
        return f"not read: {platform.unavailable.kind}"
    base = platform.labels.get("org.opencontainers.image.base.name")
    parts = (
        f"built {platform.created}" if platform.created else "",
        f"user {platform.user}" if platform.user else "no user, so root",
        f"{platform.layers} layer{'s' if platform.layers > 1 else ''}, {platform.size_bytes / 1e6:,.1f} MB"
        if platform.layers
        else "",
        f"on {base}" if base else "",
    )
    return ", ".join(filter(None, parts))


_HOW = {
    "workload": "a scan of its own container",
    "digest": "known by its digest",
    "image ID": "known by its image ID",
    "tag": "known by its tag alone, so it may be of other content",
}


def _scans(content: Content) -> Iterator[str]:
    """What is known of its vulnerabilities; nothing where no scan is about its name."""
    found = content.scanned
    if found:
        system = f", {found.system}{' (end of life)' if found.end_of_life else ''}" if found.system else ""
        yield f"scanned: {found.at or 'at an unknown time'} by {found.scanner}, {_HOW[found.how]}{system}"
        counted = f"; by the policy {_numbers(found.counted)} count" if found.counted else "; by the policy none counts"
        yield f"vulnerabilities: {_numbers(found.vulnerabilities)}{counted if found.vulnerabilities else ''}"
        if found.counted:
            exploited = f", {found.exploited:,} known to be exploited" if found.exploited else ""
            yield f"{found.fixable:,} with a fix{exploited}; first {', '.join(found.first)}"
    for other in content.other_scans[:_SHOWN]:
        yield f"not counted, being of another digest: {other}"


def _numbers(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{number:,} {level}" for level, number in counts.items()) or "none"


def _section(title: str, texts: Iterable[str], room: int) -> list[str]:
    lines = [f"{_MARGIN}{line}" for text in texts for line in wrap_text(text, room, _MARGIN)]
    return [title, *lines] if lines else []


def _uses(uses: Iterable[Any]) -> Iterator[str]:
    for use in uses:
        yield f"{use.namespace}/{use.kind}/{use.name} ({use.container}): {use.image}"


def _pulls(pulls: Iterable[Pull]) -> Iterator[str]:
    for pull in pulls:
        workloads = ", ".join(pull.workloads[:5]) + (
            f" and {len(pull.workloads) - 5} more" if pull.workloads[5:] else ""
        )
        yield f"{pull.namespace} ({workloads}): {_credentials(pull)}"


def _credentials(pull: Pull) -> str:
    if pull.unread:
        return f"not known ({pull.unread})"
    if pull.serving:
        return "; ".join(pull.serving)
    if pull.named:
        return f"none of {', '.join(pull.named)} serves it: what the node has, else anonymously"
    return "what the node has, else anonymously"


def _signed(contents: Iterable[Content]) -> Iterator[str]:
    """Who signed each content, by each entry of the policy that wants it signed; then what is wrong with the others."""
    for content in contents:
        for signing in content.signing:
            trusted = list(dict.fromkeys(made.by for made in signing.signatures if made.verdict == "trusted"))
            who = ", ".join(trusted[:_SHOWN]) or "nobody whom the policy trusts"
            if signing.unread:
                who = f"{who} (not all could be read: {signing.unread})" if trusted else f"not known ({signing.unread})"
            yield f"{content.name}, by signatures[{signing.entry}]: {who}"
            if trusted and signing.uncovered:
                yield f"{_MARGIN}which does not cover {', '.join(signing.uncovered)}"
            for made in [made for made in signing.signatures if made.verdict != "trusted"][:_SHOWN]:
                yield f"{_MARGIN}{made.format} signature {made.verdict}: {made.detail}"


def _cached(found: Explanation) -> Iterator[str]:
    for entry in found.cached[:_SHOWN]:
        yield (
            f"{entry.node}: {', '.join(entry.names)} ({entry.size_bytes / 1e6:,.1f} MB"
            f"{'' if entry.used else ', no pod uses it'})"
        )
    if len(found.cached) > _SHOWN:
        yield f"and {len(found.cached) - _SHOWN:,} more"


def _policy(found: Explanation) -> Iterator[str]:
    for allowed in found.policy:
        where = allowed.namespace or "wherever it runs"
        by = {"allowed": f"allowed by {allowed.entry}", "refused": "refused: no entry of the allowlist covers it"}
        yield f"{where}: {by.get(allowed.verdict, 'no allowlist')}"


def _enforced(standings: Iterable[Standing]) -> Iterator[str]:
    for standing in standings:
        goals = (
            ("registries", standing.registries),
            ("digests", standing.digests),
            ("signatures", standing.signatures),
        )
        yield f"{standing.namespace}: {'; '.join(f'{name} {_goal(goal)}' for name, goal in goals)}"


def _goal(goal: GoalRow) -> str:
    by = {"enforced": f" by {goal.by}", "unknown": f" (see {goal.by})"}.get(goal.verdict, "") if goal.by else ""
    return goal.verdict.replace("-", " ") + by


def _unread(gaps: Iterable[str]) -> Iterator[str]:
    """By reason: of files that hold one kind, fifty others are missing for the same one."""
    found: dict[str, list[str]] = {}
    for gap in gaps:
        what, _, why = gap.partition(": ")
        found.setdefault(why, []).append(what)
    for why, names in found.items():
        yield f"{why}: {', '.join(names)}" if len(names) > 1 else f"{names[0]}: {why}"


def _findings(found: Explanation, room: int, colour: bool) -> list[str]:
    """Most severe first; failures before what is to be judged."""
    order = {"fail": 0, "manual": 1, "waived": 2}
    ranked = sorted(found.findings, key=lambda finding: (order[finding.status], finding.severity.rank))
    lines = []
    for finding in ranked:
        status = "" if finding.status == "fail" else f" ({finding.status})"
        place = f"{finding.namespace}/{finding.subject}" if finding.namespace else str(finding.subject)
        lines += wrap_text(f"{finding.severity} {finding.check}{status} {place}: {finding.message}", room, _MARGIN)
    painted = paint(lines) if colour else lines
    title = f"FINDINGS ({len(ranked):,})" if ranked else "NO FINDINGS"
    return [title, *(f"{_MARGIN}{line}" for line in painted)]


def render_json(found: Explanation, width: int = 80, colour: bool = False) -> str:
    """All of it. `width` and `colour` are of no use to it."""
    plain: dict[str, Any] = {"schema": SCHEMA, **msgspec.to_builtins(found)}
    plain["findings"] = [finding_to_dict(finding) for finding in found.findings]
    return escape_json(json.dumps(plain, indent=2, ensure_ascii=False)) + "\n"


FORMATS: Mapping[str, Callable[[Explanation, int, bool], str]] = {"table": render_text, "json": render_json}
