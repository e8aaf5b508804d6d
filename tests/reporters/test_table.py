"""The table: what it holds, in which order, at which width."""

from __future__ import annotations

import re
import time
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.escape import escape
from auditor.report import AppliedWaiver, CheckRow, ClusterRow, CoverageRow, Finding, Report, Severity, Subject
from auditor.reporters import Options, render
from auditor.reporters.cells import columns, name
from tests.conftest import Golden
from tests.reporters.samples import CHECKS, DIGEST, finding, report, shop, use

GOLDEN = Path(__file__).parent / "golden"
WIDTHS = (60, 80, 120, 160)
# What stands in remediations to be copied out of the table.
PASTED = {line.strip() for *_, text in CHECKS.values() for line in text.split("\n") if line.startswith(" ")}


def shown(sample: Report, width: int = 80, **options: object) -> str:
    return render("table", sample, msgspec.convert({"width": width, **options}, Options))


def subjects(text: str) -> str:
    """What stands in the failures' last column but one, without blanks."""
    section = text[text.index("FAILURES") : text.index("WHAT TO DO")].partition("TO JUDGE BY HAND")[0]
    rule = next(line for line in section.split("\n") if re.fullmatch(r"-{8}(  -+)+", line))
    start, end = [match.span() for match in re.finditer("-+", rule)][-2]
    return "".join(line[start:end].strip() for line in section.split("\n"))


@pytest.mark.parametrize("width", WIDTHS)
def test_the_shop(golden: Golden, width: int) -> None:
    golden(shown(shop(), width, exit_code=1), GOLDEN / f"shop-{width}.txt")


def test_nothing_found(golden: Golden) -> None:
    sample = report(passed={"": 3, "payments": 40}, coverage=[CoverageRow("pods", "read", (), 12)])
    golden(shown(sample, exit_code=0), GOLDEN / "clean.txt")


def test_nothing_to_judge_is_no_clean_bill(golden: Golden) -> None:
    text = shown(report(cluster=ClusterRow(source="files"), checks=()), exit_code=0)
    golden(text, GOLDEN / "empty.txt")
    assert "nothing was judged" in text


@pytest.mark.parametrize("width", [1, 40, *WIDTHS, 500])
def test_no_line_is_wider_than_the_terminal(width: int) -> None:
    room = min(max(width, 60), 160)
    lines = shown(shop(), width, exit_code=3).split("\n")
    assert max(columns(line) for line in lines if line.strip() not in PASTED) <= room


@pytest.mark.parametrize("width", WIDTHS)
def test_what_is_to_be_pasted_stays_as_it_is(width: int) -> None:
    lines = [line.strip() for line in shown(shop(), width).split("\n")]
    assert max(map(len, PASTED)) > min(WIDTHS)
    assert set(lines) >= PASTED


def test_namespaces_are_whole_on_a_narrow_terminal() -> None:
    names = ["kube-node-lease", "kube-system", "storefront"]
    sample = report([finding("floating-tag", name, use("Deployment", "w", "c"), "m") for name in [None, *names]])
    text = shown(sample, 60)
    assert re.findall(r"^(\S+) +-  +1 ", text, re.MULTILINE) == ["(cluster)", *names]


def test_what_was_not_read_for_one_reason_stands_together() -> None:
    rows = [("nodes", "forbidden"), ("secrets", "failed"), ("pods", "forbidden"), ("jobs", "read")]
    text = shown(report(coverage=[CoverageRow(resource, state, (), 0) for resource, state in rows]))
    assert "\nNot read: nodes, pods (forbidden); secrets (failed)\n" in text


@pytest.mark.parametrize("width", WIDTHS)
def test_images_are_whole(width: int) -> None:
    text = subjects(shown(shop(), width))
    for found in shop().findings:
        if found.status == "fail" and found.image:
            assert found.image in text
    assert DIGEST in text


def test_the_worst_namespace_and_the_worst_finding_come_first() -> None:
    sample = report(
        [
            *(finding("unpinned-image", "a", use("Deployment", f"d{i}", "c"), "m") for i in range(9)),
            finding("unused-pull-secret", "b", Subject("Secret", "s"), "m"),
            finding("floating-tag", "b", use("Deployment", "w", "c"), "m"),
            finding("floating-tag", "c", use("Deployment", "w", "c"), "m"),
            finding("unapproved-registry", "c", use("Deployment", "w", "c"), "m"),
        ]
    )
    text = shown(sample)
    headings = re.findall(r"^(\S+: \d.*)$", text[text.index("FAILURES") :], re.MULTILINE)
    assert headings == ["c: 2 high", "b: 1 high, 1 low", "a: 9 medium"]
    assert re.findall(r"^([abc]) .*\d", text, re.MULTILINE) == ["c", "b", "a"]
    assert re.findall(r"^(high|low) ", text[text.index("b: 1 high") : text.index("a: 9")], re.MULTILINE) == [
        "high",
        "low",
    ]


def test_every_failure_has_a_row_and_totals_add_up() -> None:
    sample = shop()
    text = shown(sample)
    failures = text[text.index("FAILURES") : text.index("TO JUDGE")]
    rows = re.findall(r"^(critical|high|medium|low)  ", failures, re.MULTILINE)
    assert len(rows) == sample.failures(Severity.LOW)
    total = next(line for line in text.split("\n") if line.startswith("total"))
    statuses = [found.status for found in sample.findings]
    assert total.split()[1:] == [
        "1",
        "3",
        "4",
        "1",
        str(statuses.count("manual")),
        str(statuses.count("waived")),
        "141",
    ]


def test_what_to_do_stands_once_per_failed_check() -> None:
    text = shown(shop())
    advice = text[text.index("WHAT TO DO") : text.index("NOT JUDGED")]
    failed = {found.check for found in shop().findings if found.status == "fail"}
    for check in CHECKS:
        assert advice.count(f"\n{check} (") == (check in failed)


def test_advice_is_the_first_paragraph_with_the_snippet_that_it_leads_to() -> None:
    text = shown(shop(), 120)
    assert (
        "  Reference the image as repository@sha256:…, and let a bot raise the digest. Read the digest of a tag:\n"
        in text
    )
    assert "\n      crane digest docker.io/library/nginx:1.25\n" in text
    assert "Tag plus digest is fine" not in text


def test_what_was_not_read_is_told_once_per_reason() -> None:
    text = shown(shop())
    section = text[text.index("NOT JUDGED (4)") : text.index("BROKEN CHECKS (1)")]
    assert re.search(r"^secrets +may not be read .* everywhere +3 +36$", section, re.MULTILINE)
    assert re.search(r"^cronjobs .* kube-system +1 +unknown$", section, re.MULTILINE)
    assert "unused-pull-secret" not in text


def test_alike_questions_share_a_row() -> None:
    text = shown(shop(), 100)
    assert text.count("the image decides") == 1
    assert all(f"Deployment/{name}" in text for name in ("cart", "search", "static"))


def test_waivers_are_listed_the_expired_first() -> None:
    text = shown(shop(), 160)
    section = text[text.index("WAIVED (2); 1 more fail") : text.index("WARNINGS")]
    assert section.index("EXPIRED") < section.index("2027-01-31")
    assert "TICKET-12: the vendor pins it next quarter (payments)" in section


def test_lists_in_words_are_cut_short_and_say_so() -> None:
    waiver = AppliedWaiver("r", "2027-01-31")
    sample = report(
        [
            finding("floating-tag", "x", use("Deployment", f"d{i}", "c"), "m", status="waived", waiver=waiver)
            for i in range(9)
        ],
        coverage=[CoverageRow("secrets", "forbidden", tuple(f"n{i:02}" for i in range(30)), 0, "no")],
    )
    text = shown(sample, 160)
    assert "and 6 more" in text
    assert "n11 and 18 more" in text


@pytest.mark.parametrize(
    ("row", "told"),
    [
        (CoverageRow("jobs", "read", (), 3), False),
        (CoverageRow("jobs", "absent", (), 0, "the cluster does not serve it"), False),
        (CoverageRow("jobs", "read", (), 3, "mixes two moments"), True),
        (CoverageRow("jobs", "failed", ("a",), 3, "reset"), True),
        (CoverageRow("jobs", "forbidden"), True),
        (CoverageRow("jobs", "excluded", (), 0, "not in the input"), True),
        (CoverageRow("*", "excluded", (), 0, "only a asked for"), True),
    ],
)
def test_gaps_and_remarks(row: CoverageRow, told: bool) -> None:
    text = shown(report(passed={"a": 1}, coverage=[row]))
    assert ("WITH REMARKS" in text) == told
    assert ("Not read:" in text) == (told and row.state != "read")


@pytest.mark.parametrize(
    ("options", "line"),
    [
        ({"exit_code": 1}, "exit code 1: 4 failures at or above high (--fail-on high)"),
        ({"exit_code": 1, "fail_on": "critical"}, "exit code 1: 1 failure at or above critical (--fail-on critical)"),
        (
            {"exit_code": 1, "fail_on": "low", "new": 2},
            "exit code 1: 2 new failures at or above low (--fail-on low --fail-on-new)",
        ),
        (
            {"exit_code": 3, "fail_on": "never"},
            (
                "exit code 3: failures do not count (--fail-on never), but the audit is incomplete; --allow-incomplete"
                " would make it 0"
            ),
        ),
        (
            {"exit_code": 0, "new": 0, "allow_incomplete": True},
            (
                "exit code 0: no new failure at or above high (--fail-on high), incomplete as the audit is"
                " (--allow-incomplete)"
            ),
        ),
    ],
)
def test_the_last_line_tells_the_exit_code_and_why(options: dict[str, object], line: str) -> None:
    assert shown(shop(), 160, **options).split("\n")[-2] == line


def test_no_exit_code_no_line() -> None:
    assert "exit code" not in shown(shop())


def test_colour_changes_nothing_but_severity_words() -> None:
    plain, coloured = shown(shop()), shown(shop(), colour=True)
    assert "\x1b" not in plain
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == plain
    painted = set(re.findall(r"\x1b\[[0-9;]+m([^\x1b]*)\x1b\[0m", coloured))
    assert painted == {"critical", "high", "medium", "low"}


def test_several_images_of_one_subject_are_all_shown() -> None:
    images = [f"docker.io/library/nginx:1.{minor}" for minor in range(3)]
    one = finding("unpinned-image", "x", use("Deployment", "w", "c"), "m", image=images[0], evidence={"images": images})
    assert all(image in shown(report([one])) for image in images)


def from_files(*origins: str) -> Report:
    one = finding("unpinned-image", "x", use("Deployment", "w", "c"), "m")
    return report([msgspec.structs.replace(one, origin=origin, id=origin) for origin in origins])


@pytest.mark.parametrize(
    ("origins", "folder", "places"),
    [
        (["shop/web.yaml:17"], "shop/", ["web.yaml:17"]),
        (["/a/b/c/x.yaml:1", "/a/b/d/y.yaml:2"], "/a/b/", ["c/x.yaml:1", "d/y.yaml:2"]),
        (["/a/bc/x.yaml:1", "/a/bd/y.yaml:2"], "/a/", ["bc/x.yaml:1", "bd/y.yaml:2"]),
        (["x.yaml:1", "a/y.yaml:2"], None, ["x.yaml:1", "a/y.yaml:2"]),
        (["/x.yaml:1", "/a/y.yaml:2"], None, ["/x.yaml:1", "/a/y.yaml:2"]),
    ],
)
def test_where_a_manifest_stands_is_told_from_the_shared_folder(
    origins: list[str], folder: str | None, places: list[str]
) -> None:
    text = shown(from_files(*origins))
    assert ("Places are told from" in text) == (folder is not None)
    assert folder is None or f"Places are told from {folder}\n" in text
    assert all(re.search(rf"^ {{10}}{re.escape(place)}$", text, re.MULTILINE) for place in places)


def test_questions_show_their_evidence() -> None:
    one = finding(
        "unapproved-registry",
        None,
        Subject("Cluster", ""),
        "Which are allowed?",
        status="manual",
        cause="judgment",
        evidence={
            "registries": {f"r{i}": i for i in range(20)},
            "hidden": {"a": {"b": 1}},
            "all": True,
            "n": [1, "x"],
            "seen": ["Which"],
        },
    )
    text = " ".join(shown(report([one]), 160).split())
    assert "registries: r0 0, r1 1," in text
    assert "r11 11, and 8 more" in text
    assert "all: yes" in text
    assert "n: 1, x" in text
    assert "hidden" not in text
    assert "seen" not in text


def test_blanks_in_a_broken_image_are_visible() -> None:
    one = finding("unpinned-image", "x", use("Deployment", "w", "c"), "m", image=" nginx ")
    assert "\\u{20}nginx\\u{20}" in shown(report([one]))


def test_ten_thousand_findings_take_no_more_than_a_moment() -> None:
    sample = report(
        [
            finding(
                "unpinned-image",
                f"ns-{i % 300}",
                use("Deployment", f"web-{i}", "nginx"),
                f"image {i} is a tag",
                image=f"docker.io/library/nginx@{DIGEST}",
            )
            for i in range(10_000)
        ]
    )
    start = time.process_time()
    text = shown(sample)
    assert time.process_time() - start < 10
    assert len(re.findall(r"^medium  ", text, re.MULTILINE)) == 10_000


ANY = st.text(st.characters(exclude_categories=["Cs"]), max_size=90) | st.text(
    st.sampled_from("aé漢\u0301\u202e\x1b\n /@:-"), max_size=200
)


@st.composite
def findings(draw: st.DrawFn) -> Finding:
    status, cause = draw(
        st.sampled_from(
            [("fail", None), ("waived", None), *(("manual", c) for c in ("judgment", "unreadable", "error"))]
        )
    )
    return Finding(
        id=draw(ANY),
        check=draw(ANY),
        status=status,  # type: ignore[arg-type]
        cause=cause,  # type: ignore[arg-type]
        severity=draw(st.sampled_from(Severity)),
        subject=Subject(draw(ANY), draw(ANY), draw(st.none() | ANY)),
        message=draw(ANY),
        namespace=draw(st.none() | ANY),
        image=draw(st.none() | ANY),
        evidence=draw(st.just({}) | st.fixed_dictionaries({"resources": st.dictionaries(ANY, ANY), "count": ANY})),
        remediation=draw(ANY),
        waiver=AppliedWaiver(draw(ANY), draw(ANY), draw(ANY), status == "fail") if draw(st.booleans()) else None,
        origin=draw(st.none() | ANY),
    )


@settings(max_examples=60, deadline=None)
@given(st.lists(findings(), max_size=6), ANY, st.sampled_from(WIDTHS))
def test_hostile_text_neither_gets_through_nor_breaks_the_table(found: list[Finding], text: str, width: int) -> None:
    sample = msgspec.structs.replace(
        report(coverage=[CoverageRow(text, "failed", (text,), 0, text)], warnings=[text], cluster=ClusterRow(text)),
        findings=tuple(found),
        checks=tuple(CheckRow(f.check, text, f.severity) for f in found),
    )
    lines = shown(sample, width, exit_code=1).split("\n")
    assert [escape(line) for line in lines] == lines
    assert max(map(columns, lines)) <= width
    failed = [f for f in found if f.status == "fail" and f.image != f.subject.name]
    if all(line.isascii() for line in lines):
        assert all(name(f.image) in subjects("\n".join(lines)) for f in failed if f.image)
