"""Where in the input findings come from: the folder that all of it shares is told once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from auditor.report import Finding


def shared_folder(findings: Iterable[Finding]) -> str:
    """The longest folder, ending with a slash, that holds all files of the findings; empty where there is none."""
    folders = [finding.origin.split("/")[:-1] for finding in findings if finding.origin]
    if not folders:
        return ""
    first, last = min(folders), max(folders)
    same = 0
    while same < min(len(first), len(last)) and first[same] == last[same]:
        same += 1
    # The root alone is no folder worth a line.
    return "/".join(first[:same]) + "/" if any(first[:same]) else ""


def relative(findings: Sequence[Finding], folder: str) -> list[Finding]:
    """The findings with their origins as seen from the folder."""
    if not folder:
        return list(findings)
    return [
        msgspec.structs.replace(finding, origin=finding.origin.removeprefix(folder)) if finding.origin else finding
        for finding in findings
    ]
