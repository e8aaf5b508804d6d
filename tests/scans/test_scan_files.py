"""Every format as its scanner writes it, in several versions; and what is no result, or a damaged one."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.errors import SourceError
from auditor.scans.contents import packed, put_together, unpacked
from auditor.scans.results import Scan, ScannedContainer, Suppressed, Vulnerability
from auditor.sources.scan_results.files import Given, read_files
from tests.auditing import FIXTURES

FOLDER = FIXTURES / "scan-results"
A, B, C = (f"sha256:{letter * 64}" for letter in "abc")
LONG = "an-api-with-a-name-that-is-longer-than-the-sixty-three-characters-of-a-label"


def read(name: str) -> Given:
    return read_files([str(FOLDER / name)])


@pytest.mark.parametrize(
    ("name", "scan", "found"),
    [
        (
            "trivy-0.38.json",
            Scan(
                "Trivy",
                tags=("registry.example/shop/web:1.4.2",),
                digests=(A,),
                image_id=C,
                system="alpine 3.16.9",
                end_of_life=True,
            ),
            (
                Vulnerability(
                    "CVE-2026-2001", "libcrypto1.1", "1.1.1t-r0", "1.1.1t-r2", "high", "2026-02-08T20:15:00Z"
                ),
                Vulnerability("CVE-2026-2002", "busybox", "1.35.0-r29"),
            ),
        ),
        (
            "trivy-0.69.json",
            Scan(
                "Trivy",
                "0.69.1",
                "2026-11-20T08:10:11Z",
                ("docker.io/library/nginx:1.25",),
                (B,),
                C,
                "debian 12.5",
            ),
            (
                Vulnerability(
                    "CVE-2026-2003", "zlib1g", "1:1.2.13", severity="critical", published="2026-10-14T02:15:00Z"
                ),
                Vulnerability("CVE-2026-2004", "libexpat1", "2.5.0-1", "a later version", "medium"),
            ),
        ),
        (
            "trivy-nothing-found.json",
            Scan("Trivy", at="2026-11-20T09:10:11Z", tags=("registry.example/shop/clean:1",), image_id=C),
            (),
        ),
        (
            "grype-0.60.json",
            Scan(
                "Grype",
                "0.60.0",
                tags=("registry.example/shop/web:1.4.2",),
                digests=(B, A),
                image_id=C,
                system="debian 12",
                database="2026-11-19T00:00:00Z",
            ),
            (Vulnerability("GHSA-aaaa-bbbb-cccc", "requests", "2.31.0", "2.32.0", "high", aliases=("CVE-2026-3001",)),),
        ),
        (
            "grype-0.104.json",
            Scan(
                "Grype",
                "0.104.0",
                "2026-11-20T12:13:14Z",
                ("registry.example:5000/shop/api:2",),
                (B,),
                C,
                "ubuntu 24.04",
                database="2026-11-20T06:00:00Z",
                suppressed=(Suppressed("ignored", "critical"),),
            ),
            (
                Vulnerability("CVE-2026-3002", "libxml2", "2.9.14", "", "negligible", exploited=True, epss=0.94),
                Vulnerability("CVE-2026-3003", "libwebp7", "1.0", "1.1, 2.1"),
            ),
        ),
        (
            "clair-4.8.json",
            Scan("Clair", digests=(B,), system="Red Hat Enterprise Linux Server 9"),
            (
                Vulnerability(
                    "CVE-2026-4001", "openssl", "3.0.7-16.el9", "1:3.0.7-17.el9", "high", "2026-03-01T00:00:00Z"
                ),
                Vulnerability("CVE-2026-4001", "zlib", "1.2.11", "1:3.0.7-17.el9", "high", "2026-03-01T00:00:00Z"),
                Vulnerability("CVE-2026-4002", "zlib", "1.2.11"),
            ),
        ),
    ],
)
def test_formats(name: str, scan: Scan, found: tuple[Vulnerability, ...]) -> None:
    given = read(name)
    assert not given.faults
    ((read_scan, read_found),) = given.scanned
    assert {f: getattr(read_scan, f) for f in Scan.__struct_fields__ if f != "origin"} == {
        f: getattr(scan, f) for f in Scan.__struct_fields__ if f != "origin"
    }
    assert read_scan.origin.endswith(name)
    assert unpacked(read_found) == found


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.json")), ids=lambda path: path.name)
@pytest.mark.parametrize("last", [False, True], ids=["sorted", "reversed"])
def test_the_order_of_keys_does_not_matter(path: Path, last: bool, tmp_path: Path) -> None:
    document = json.loads(path.read_bytes())
    other = tmp_path / path.name
    other.write_text(json.dumps({key: document[key] for key in sorted(document, reverse=last)}))
    ((scan, found),) = read_files([str(path)]).scanned
    ((again, same),) = read_files([str(other)]).scanned
    assert msgspec.structs.replace(again, origin=scan.origin) == scan
    assert same == found


def test_reports_of_trivy_operator() -> None:
    given = read("vulnerability-reports.yaml")
    assert not given.faults
    (web, found), (api, nothing) = given.scanned
    assert web.container == ScannedContainer("shop", "ReplicaSet", "web-5d8f9c7b64", "web")
    assert (web.tags, web.digests, web.version) == (("docker.io/library/nginx:1.25",), (A,), "0.65.0")
    assert (web.system, web.end_of_life, web.at) == ("debian 10.13", True, "2026-11-20T12:00:00Z")
    assert unpacked(found) == (
        Vulnerability("CVE-2026-1001", "libssl3", "3.0.11", "3.0.13", "critical", "2026-01-10T12:00:00Z"),
    )
    assert api.container == ScannedContainer("shop", "StatefulSet", LONG, "api")
    assert (api.at, api.digests, unpacked(nothing)) == (None, (), ())


def test_a_directory_with_everything_and_with_what_is_no_result(tmp_path: Path) -> None:
    for path in FOLDER.iterdir():
        (tmp_path / f"{path.name}.gz").write_bytes(gzip.compress(path.read_bytes()))
    (tmp_path / "package.json").write_text('{"name": "left-pad"}')
    (tmp_path / "cut-off.json").write_bytes((FOLDER / "trivy-0.69.json").read_bytes()[:700])
    given = read_files([str(tmp_path)])
    assert len(given.scanned) == 8
    assert sorted(Path(fault.partition(":")[0]).name for fault in given.faults) == ["cut-off.json", "package.json"]
    assert "Known are" in next(fault for fault in given.faults if "package" in fault)


BAD: dict[str, Any] = {
    "schema version 1": {"SchemaVersion": 1, "ArtifactName": "a"},
    "a file system": {"SchemaVersion": 2, "ArtifactType": "filesystem", "ArtifactName": "/app"},
    "the whole cluster": {"ClusterName": "prod", "Resources": []},
    "a directory by Grype": {"matches": [], "source": {"type": "directory", "target": "/app"}, "descriptor": {}},
    "an image by Grype, misshapen": {"matches": [], "source": {"type": "image", "target": "x"}, "descriptor": {}},
    "matches of another type": {"matches": {"a": 1}, "source": {"type": "image"}, "descriptor": {}},
    "results of another type": {"SchemaVersion": 2, "Results": [{"Vulnerabilities": [{"Severity": ["HIGH"]}]}]},
    "Clair without a manifest": {"manifest_hash": "", "packages": {}},
    "Clair with a package missing": {
        "manifest_hash": A,
        "vulnerabilities": {},
        "package_vulnerabilities": {"1": ["2"]},
    },
    "Clair without what was found": {"manifest_hash": A, "packages": {}, "vulnerabilities": {}},
    "Clair without vulnerabilities": {"manifest_hash": A, "packages": {}, "package_vulnerabilities": {}},
    "an index report of Clair": {"manifest_hash": A, "state": "IndexFinished", "success": True, "packages": {}},
    "a failed index report of Clair": {
        "manifest_hash": A,
        "state": "IndexError",
        "vulnerabilities": {},
        "package_vulnerabilities": {},
    },
    "Trivy for secrets alone": {"SchemaVersion": 2, "Results": [{"Class": "secret"}, {"Class": "license-file"}]},
    "Trivy for settings alone": {"SchemaVersion": 2, "Results": [{"Class": "config", "Misconfigurations": []}]},
    "a report that counts more than it lists": {
        "apiVersion": "aquasecurity.github.io/v1alpha1",
        "kind": "VulnerabilityReport",
        "report": {"summary": {"criticalCount": 5}, "vulnerabilities": []},
    },
    "a Deployment": {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "x"}},
    "a report with a list for its report": {
        "apiVersion": "aquasecurity.github.io/v1alpha1",
        "kind": "VulnerabilityReport",
        "report": [],
    },
    "a report without a report": {"apiVersion": "aquasecurity.github.io/v1alpha1", "kind": "VulnerabilityReport"},
    "a list": [],
    "a number": 3,
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_no_result_is_a_fault_and_never_an_image_without_vulnerabilities(name: str, tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.write_text(json.dumps(BAD[name]))
    given = read_files([str(path)])
    assert not given.scanned
    assert len(given.faults) == 1


@pytest.mark.parametrize("data", [b"", b"\xff\xfe\x00", b"\x1f\x8b\x08broken", b"{" * 5000, b'{"SchemaVersion": 2'])
def test_damaged_files(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.write_bytes(data)
    given = read_files([str(path)])
    assert not given.scanned
    assert len(given.faults) == 1


@pytest.mark.parametrize("name", [path.name for path in FOLDER.glob("*.json")])
def test_every_field_may_be_missing_or_null(name: str, tmp_path: Path) -> None:
    """One at a time, at every depth: the rest is read as before, or the file is a fault."""
    whole = json.loads((FOLDER / name).read_text())
    for number, changed in enumerate(_without_one(whole)):
        path = tmp_path / f"{number}.json"
        path.write_text(json.dumps(changed))
        given = read_files([str(path)])
        assert len(given.scanned) + len(given.faults) == 1
    assert number > 20


def _without_one(value: Any) -> Any:
    if isinstance(value, dict):
        for key, child in value.items():
            yield {k: v for k, v in value.items() if k != key}
            others: tuple[Any, ...] = (None, 7, "text", [[]], {"a": {}})
            for other in others:
                yield {**value, key: other}
            yield from ({**value, key: changed} for changed in _without_one(child))
    elif isinstance(value, list):
        for index, child in enumerate(value):
            yield from ([*value[:index], changed, *value[index + 1 :]] for changed in _without_one(child))


@pytest.mark.parametrize("results", [None, [], [{"Class": "secret"}, {"Class": "os-pkgs"}], [{"Target": "app"}]])
def test_what_trivy_found_nothing_in_is_a_result(results: Any, tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.write_text(json.dumps({"SchemaVersion": 2, "ArtifactName": "app:1", "Results": results}))
    given = read_files([str(path)])
    assert (len(given.scanned), given.faults) == (1, ())


@pytest.mark.parametrize(
    ("name", "links", "aliases"),
    [
        ("CVE-2021-44228 on Ubuntu 20.04 LTS (focal) - medium.", None, ("CVE-2021-44228",)),
        ("CVE-2021-44228", "https://e.example/CVE-2021-44228", ()),
        ("RHSA-2021:0003: foo", "https://e.example/cve/cve-2021-44228 x", ("CVE-2021-44228",)),
        ("GHSA-1", "https://e.example/CVE-20", ()),
    ],
)
def test_the_cves_of_a_distribution_s_advisory(
    name: str, links: str | None, aliases: tuple[str, ...], tmp_path: Path
) -> None:
    path = tmp_path / "x.json"
    report = {
        "manifest_hash": A,
        "packages": {"1": {"name": "p"}},
        "vulnerabilities": {"9": {"name": name, "links": links}},
        "package_vulnerabilities": {"1": ["9"]},
    }
    path.write_text(json.dumps(report))
    ((_, content),) = read_files([str(path)]).scanned
    (found,) = unpacked(content)
    assert (found.id, found.aliases) == (name, aliases)


def test_what_trivy_was_told_to_leave_out(tmp_path: Path) -> None:
    modified = [
        {"Type": "vulnerability", "Status": status, "Finding": {"VulnerabilityID": "CVE-1", "Severity": severity}}
        for status, severity in (("ignored", "HIGH"), ("ignored", "HIGH"), ("not_affected", "LOW"))
    ]
    others = [{"Type": "secret", "Status": "ignored", "Finding": {"Severity": "HIGH"}}, {"Finding": 3}]
    results = [{"Class": "os-pkgs", "ExperimentalModifiedFindings": modified + others}]
    path = tmp_path / "x.json"
    path.write_text(json.dumps({"SchemaVersion": 2, "Results": results}))
    ((scan, _),) = read_files([str(path)]).scanned
    assert scan.suppressed == (
        Suppressed("ignored", "high", 2),
        Suppressed("ignored"),
        Suppressed("not_affected", "low"),
    )


def test_one_broken_report_costs_itself_alone(tmp_path: Path) -> None:
    report = {"apiVersion": "aquasecurity.github.io/v1alpha1", "kind": "VulnerabilityReport", "metadata": {"name": "a"}}
    good, bad = {**report, "report": {"artifact": {"repository": "a"}}}, {**report, "report": {"vulnerabilities": 3}}
    path = tmp_path / "x.json"
    path.write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": [good, bad, good]}))
    given = read_files([str(path)])
    assert (len(given.scanned), len(given.faults)) == (2, 1)


def test_hostile_text_is_kept_within_bounds(tmp_path: Path) -> None:
    name = "\x1b[31m\u202e" + "x" * 100_000
    vulnerability = {"VulnerabilityID": name, "PkgName": name, "FixedVersion": name, "Severity": name}
    document = {"SchemaVersion": 2, "ArtifactName": name, "Results": [{"Vulnerabilities": [vulnerability]}]}
    path = tmp_path / "x.json"
    path.write_text(json.dumps(document))
    ((scan, content),) = read_files([str(path)]).scanned
    (found,) = unpacked(content)
    assert (scan.tags, found.severity) == ((), "unknown")
    assert max(map(len, (found.id, found.package, found.fixed))) <= 256


def test_paths_that_are_not_there(tmp_path: Path) -> None:
    for path in (tmp_path / "nothing", tmp_path):
        with pytest.raises(SourceError):
            read_files([str(path)])


vulnerabilities = st.builds(
    Vulnerability,
    st.sampled_from(["CVE-1", "CVE-2"]),
    st.sampled_from(["a", "b"]),
    published=st.sampled_from([None, "2026-01-01T00:00:00Z"]),
    epss=st.sampled_from([None, 0.5]),
)
scans = st.builds(
    Scan, st.sampled_from(["Trivy", "Grype"]), tags=st.sampled_from([(), ("x:1",)]), origin=st.sampled_from("ab")
)


@given(st.lists(st.tuples(scans, st.lists(vulnerabilities, max_size=4).map(packed)), max_size=6), st.randoms())
def test_the_order_of_reading_does_not_matter(scanned: list[Any], random: Any) -> None:
    results = put_together(scanned)
    random.shuffle(scanned)
    assert put_together(scanned) == results
    assert put_together(results.scanned()) == results
    known = {(scan.scanner, scan.tags, content) for scan, content in scanned}
    assert {(scan.scanner, scan.tags, content) for scan, content in results.scanned()} == known
    assert len({(scan.scanner, scan.tags, scan.content) for scan in results.scans}) == len(results.scans)
