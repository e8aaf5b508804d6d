"""What the checks of scan results have in common: which images are judged, and how they tell of a scan."""

from __future__ import annotations

from typing import Any

from auditor import Image, Joined, Scans

HOW = {
    "workload": "by its container",
    "digest": "by its digest",
    "image ID": "by its image ID",
    "tag": "by its tag alone",
}


def told(image: Image, joined: Joined) -> dict[str, Any]:
    """A scan as evidence."""
    scan = joined.scan
    return {
        "scanner": scan.label,
        "scannedAt": scan.at,
        "joined": HOW[joined.how],
        "result": scan.origin,
        **({"system": scan.system} if scan.system else {}),
        **({"endOfLife": True} if any(each.end_of_life for each in joined.scans) else {}),
        **({"database": scan.database} if scan.database else {}),
        **({"unscanned": list(joined.unscanned)} if joined.unscanned else {}),
        "where": list(image.where[:20]),
    }


def at_rest(image: Image) -> bool:
    """Whether nothing runs it and nothing is about to: it is mounted as a volume alone, or its owners are scaled to
    zero or suspended."""
    run = [use for use in image.uses if not use.is_volume]
    return not any(use.pods for use in run) and all(use.owner.suspended or use.owner.replicas == 0 for use in run)


def joined(image: Image, scans: Scans) -> Joined | None:
    """The scan that counts, None where no scan is about the image; raises Unread where one may not have been read."""
    found = scans.of(image)
    if found is None:
        scans.require()
    return found
