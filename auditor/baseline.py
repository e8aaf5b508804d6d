"""A baseline in a ConfigMap: what it holds of a report, packed, and the right that keeping it there takes."""

from __future__ import annotations

import gzip
import json
import zlib
from typing import Any

import msgspec

from auditor.escape import escape_json
from auditor.published import from_json, to_dict
from auditor.report import Finding, Report

KEY = "baseline.json.gz"
"""The one key of the ConfigMap's `binaryData`."""

LIMIT = 1 << 20
"""How many bytes the values of a ConfigMap may have together (k8s pkg/apis/core/validation: MaxSecretSize)."""

_UNPACKED = 64 << 20
# A message is shown for what is gone; its beginning says what it was.
_MESSAGE = 200


def baseline_role(namespace: str, name: str) -> dict[str, Any]:
    """The Role that lets a baseline be read from one ConfigMap and kept there: get and patch, of this name alone.

    Not create: that right cannot be limited to a name where an object is posted. So the ConfigMap has to be there,
    empty at first.
    """
    rule = {"apiGroups": [""], "resources": ["configmaps"], "resourceNames": [name], "verbs": ["get", "patch"]}
    return {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "Role",
        "metadata": {"name": "auditor-baseline", "namespace": namespace},
        "rules": [rule],
    }


def packed(report: Report) -> bytes:
    """What a comparison needs of a report, and what it shows of findings that are gone, as gzipped JSON.

    It reads back as a report. Left out are remediation, references, evidence, the ends of long messages, counts by
    namespace and the matrix of enforcement. The same report gives the same bytes.
    """
    trimmed = msgspec.structs.replace(
        report,
        findings=tuple(map(_trimmed, report.findings)),
        summary=msgspec.structs.replace(report.summary, by_namespace={}),
        warnings=(),
        enforcement=None,
    )
    text = escape_json(json.dumps(to_dict(trimmed), ensure_ascii=False, separators=(",", ":")))
    return gzip.compress(text.encode(), compresslevel=9, mtime=0)


def unpacked(data: bytes) -> Report:
    """The report that `packed` made the bytes of; ValueError where they are something else."""
    stream = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
    try:
        text = stream.decompress(data, _UNPACKED)
        if not stream.eof:
            raise ValueError("it is cut off, or unpacks to more than any baseline")
        return from_json(text)
    except zlib.error:
        raise ValueError("it is not gzipped") from None
    except msgspec.MsgspecError as error:
        raise ValueError(str(error)) from None


def _trimmed(finding: Finding) -> Finding:
    message = finding.message if len(finding.message) <= _MESSAGE else f"{finding.message[: _MESSAGE - 1]}…"
    return msgspec.structs.replace(finding, message=message, evidence={}, remediation="", references=())
