"""Reports full of text that would like to do something to whoever reads them."""

from __future__ import annotations

import msgspec
from hypothesis import strategies as st

from auditor.report import (
    AppliedWaiver,
    Cause,
    CheckRow,
    ClusterRow,
    CoverageRow,
    EnforcementRow,
    Finding,
    GoalRow,
    NamespaceRow,
    Report,
    Severity,
    Status,
    Subject,
    UnreadableRow,
)
from tests.reporters.samples import report

FRAGMENTS = (
    *("<script>alert(1)</script>", "</script>", "<img src=x onerror=alert(1)>", "</details>", "<!--", "]]>", "&amp;"),
    *('=HYPERLINK("https://evil.example")', "=1+1", "+1", "-1", "@SUM(A1)", "\uff1d1", ";=1", "; @x", " =1", "'", '"'),
    *(
        "[click](javascript:alert)",
        "![x](https://evil.example)",
        "https://evil.example/",
        "www.evil.example",
        "[",
        "](",
    ),
    *(
        "@team",
        "#12",
        "a@evil.example",
        "$x$",
        ":smile:",
        "`",
        "``",
        "```",
        "|",
        "\\|",
        "\\",
        "**b**",
        "_i_",
        "~",
        "---",
    ),
    *("\x1b[2J", "\x00", "\x07", "\x9b", "\x7f", "\r\n", "\n", "\t", "\r", "\u2028", "\u202e", "\u200b", "\ufeff"),
    *("\U000e0041", "\ufffe", "\U0001f600", "\ue000", "漢", "é", "e\u0301"),
    *(
        "no",
        "null",
        "1e3",
        "0x1f",
        "2026-11-21",
        ": ",
        " #",
        "- ",
        "{{",
        "{0}",
        "%2e",
        "*a",
        "&a",
        "!!b",
        "<<",
        "\\u{41}",
    ),
)
TEXT = st.lists(st.sampled_from(FRAGMENTS) | st.text(max_size=8), max_size=5).map("".join)
# As a file with lone surrogates in its escapes would give it; what is written in UTF-8 cannot keep them.
ANY = TEXT | TEXT.map(lambda text: f"{text}\ud800")
_ANSWERS: tuple[tuple[Status, Cause | None], ...] = (
    ("fail", None),
    ("waived", None),
    ("manual", "judgment"),
    ("manual", "unreadable"),
    ("manual", "error"),
)


@st.composite
def findings(draw: st.DrawFn) -> Finding:
    status, cause = draw(st.sampled_from(_ANSWERS))
    waived = status == "waived" or draw(st.booleans())
    waiver = AppliedWaiver(draw(ANY), draw(ANY), draw(st.none() | ANY), status != "waived") if waived else None
    place = st.none() | ANY | st.builds("{}:{}".format, ANY, st.integers(0, 99)) | st.just("/a/b c/d.yaml:3")
    return Finding(
        id=draw(st.integers(0, 2**64 - 1).map("{:016x}".format)),
        check=draw(ANY.filter(bool)),
        status=status,
        cause=cause,
        severity=draw(st.sampled_from(Severity)),
        subject=Subject(draw(ANY.filter(bool)), draw(ANY), draw(st.none() | ANY)),
        message=draw(ANY),
        cluster=draw(st.just("") | ANY),
        namespace=draw(st.none() | ANY),
        image=draw(st.none() | ANY),
        evidence=draw(st.just({}) | st.dictionaries(ANY, ANY | st.integers() | st.none() | st.lists(ANY, max_size=2))),
        remediation=draw(TEXT),
        references=tuple(draw(st.lists(TEXT | st.just("https://kubernetes.io/docs/"), max_size=2))),
        waiver=waiver,
        origin=draw(place),
    )


_CELLS = st.builds(
    GoalRow,
    st.sampled_from(["enforced", "unknown", "not-enforced"]),
    st.none() | ANY,
    st.none() | ANY,
    st.none() | ANY,
    ANY,
    st.lists(ANY, max_size=6).map(tuple),
    st.booleans(),
)
MATRICES = st.builds(
    EnforcementRow,
    st.lists(st.builds(NamespaceRow, ANY, _CELLS, _CELLS, _CELLS), max_size=4, unique_by=lambda row: row.namespace).map(
        tuple
    ),
    st.lists(
        st.builds(UnreadableRow, ANY, ANY, st.sampled_from(["forbidden", "excluded", "error"]), ANY), max_size=3
    ).map(tuple),
)


@st.composite
def reports(draw: st.DrawFn) -> Report:
    found = draw(st.lists(findings(), max_size=6))
    state = st.sampled_from(["read", "forbidden", "failed", "absent", "excluded"])
    rows = st.builds(CoverageRow, ANY, state, st.lists(ANY, max_size=3).map(tuple), st.integers(0, 9), ANY)
    return msgspec.structs.replace(
        report(coverage=draw(st.lists(rows, max_size=4)), warnings=draw(st.lists(ANY, max_size=2)), checks=()),
        cluster=ClusterRow(draw(ANY), draw(st.none() | ANY), draw(ANY), draw(st.none() | ANY), draw(ANY)),
        findings=tuple(found),
        enforcement=draw(st.none() | MATRICES),
        checks=tuple(
            {f.check: CheckRow(f.check, draw(ANY), f.severity, draw(st.integers(0, 9))) for f in found}.values()
        ),
    )
