"""The published types of the policy report APIs, as validators that npm's @kubernetes-models/kyverno makes of them.

It holds all of wgpolicyk8s.io/v1alpha2, and of openreports.io/v1alpha1 the results and the summary, which is what the
two share; the top of a Report is listed here after its definition (openreports.io_reports.yaml, v1alpha1).
"""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.real import node_package, program

PACKAGE = "@kubernetes-models/kyverno"
REPORT = {"apiVersion", "kind", "metadata", "configuration", "results", "scope", "scopeSelector", "source", "summary"}
_SCRIPT = """
import * as older from "@kubernetes-models/kyverno/wgpolicyk8s.io/v1alpha2";
import * as newer from "@kubernetes-models/kyverno/openreports.io/v1alpha1";
import { readFileSync } from "node:fs";
const complaints = [];
const check = (type, value) => {
  try { new type(value).validate(); } catch (error) { complaints.push(`${type.name}: ${error.message}`); }
};
for (const value of JSON.parse(readFileSync(0, "utf8"))) {
  if (value.apiVersion === "wgpolicyk8s.io/v1alpha2") { check(older[value.kind], value); continue; }
  check(newer.ReportSummary, value.summary);
  value.results.forEach((result) => check(newer.ReportResult, result));
}
console.log(JSON.stringify(complaints));
"""


def complaints(objects: Sequence[Any]) -> list[str]:
    """What the APIs' types refuse of the objects, and the fields that they do not know, which a server would drop."""
    folder, node = node_package(PACKAGE), program("node")
    done = subprocess.run(
        [node, "--input-type=module", "--eval", _SCRIPT],
        cwd=folder,
        input=json.dumps(objects),
        capture_output=True,
        text=True,
        check=True,
    )
    found: list[str] = json.loads(done.stdout)
    return [*found, *(f"unknown: {name}" for item in objects for name in _unknown(item, folder))]


def _unknown(item: Any, folder: Path) -> set[str]:
    older = item["apiVersion"] == "wgpolicyk8s.io/v1alpha2"
    prefix = "PolicyReport" if older else "Report"
    top = _fields(folder, item, item["kind"]) if older else REPORT
    unknown = set(item) - top - {"apiVersion", "kind"}
    unknown |= set(item["summary"]) - _fields(folder, item, f"{prefix}Summary")
    known = _fields(folder, item, f"{prefix}Result")
    return unknown.union(*(set(result) - known for result in item["results"]))


def _fields(folder: Path, item: Any, name: str) -> set[str]:
    text = (folder / "node_modules" / PACKAGE / item["apiVersion"] / f"{name}.d.ts").read_text()
    interface = re.search(rf"export interface I{name} [^{{]*\{{\n(.*?)\n\}}", text, re.DOTALL)
    assert interface is not None
    return set(re.findall(r'^    "(\w+)"\??:', interface[1], re.MULTILINE))
