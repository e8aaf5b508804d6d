"""Markdown: rendered by GitHub's own renderer, it shows what it says and does nothing."""

from __future__ import annotations

import re
from collections.abc import Iterable
from html.parser import HTMLParser
from pathlib import Path

import cmarkgfm
import msgspec
import pytest
from cmarkgfm.cmark import Options as Rendering
from hypothesis import given, settings

from auditor.escape import escape
from auditor.report import AppliedWaiver, CoverageRow, Report, Severity, Subject
from auditor.reporters import Options, render
from auditor.reporters.markdown import LIMIT
from auditor.reporters.markdown_text import paragraphs, prose
from tests.conftest import Golden
from tests.reporters.hostile import FRAGMENTS, reports
from tests.reporters.samples import DIGEST, finding, report, shop, use

GOLDEN = Path(__file__).parent / "golden"
TAGS = {
    *("h2", "h3", "p", "strong", "code", "pre", "blockquote", "br", "ul", "ol", "li"),
    *("table", "thead", "tbody", "tr", "th", "td", "details", "summary"),
}


class Page(HTMLParser):
    """What a renderer made: its elements, the text outside of code, the texts of code, the cells of each row."""

    def __init__(self, markdown: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.codes: list[str] = []
        self.words = ""
        self.rows: list[int] = []
        self._open: list[str] = []
        # Raw HTML is let through, so that any would show.
        self.feed(cmarkgfm.github_flavored_markdown_to_html(markdown, Rendering.CMARK_OPT_UNSAFE))
        assert not [tag for tag in self._open if tag != "br"]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {f"{name}={value}" for name, value in attrs}
        if tag != "br":
            self._open.append(tag)
        if tag == "code":
            self.codes.append("")
        if tag == "tr":
            self.rows.append(0)
        if tag in ("td", "th"):
            self.rows[-1] += 1

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "code" in self._open:
            self.codes[-1] += data
        else:
            self.words += data

    def handle_comment(self, data: str) -> None:
        self.tags.add("<!--")


def shown(sample: Report, **options: object) -> str:
    return render("markdown", sample, msgspec.convert(options, Options))


def many(count: int) -> Report:
    return report(
        [
            finding(
                "unpinned-image",
                f"ns-{i % 300}",
                use("Deployment", f"web-{i}", "nginx"),
                f"image {i} is a tag",
                image=f"docker.io/library/nginx@{DIGEST}",
                severity=list(Severity)[i // 300 % 4],
            )
            for i in range(count)
        ]
    )


def test_the_shop(golden: Golden) -> None:
    text = shown(shop(), exit_code=1)
    golden(text, GOLDEN / "shop.md")
    page = Page(text)
    assert page.tags <= TAGS
    assert text.count("<details>") == text.count("</details>") == 8


def test_the_only_cluster_is_named_once() -> None:
    """An audit writes its cluster's name into every finding; only several clusters have to be told apart by it."""
    sample = shop()
    named = [msgspec.structs.replace(found, cluster="shop") for found in sample.findings]
    audited = msgspec.structs.replace(sample, findings=tuple(named))
    assert shown(audited) == shown(sample)


def test_what_was_not_read_stands_open_on_top() -> None:
    text = shown(shop())
    line = next(line for line in text.split("\n") if line.startswith("> "))
    assert "secrets (forbidden), cronjobs (failed)" in line
    assert text.index(line) < text.index("| namespace |") < text.index("<details>")


def test_every_failure_has_a_row() -> None:
    codes = Page(shown(many(40))).codes
    assert {f"Deployment/web-{i}" for i in range(40)} <= set(codes)


def test_few_failures_are_not_listed_twice() -> None:
    text = shown(shop())
    assert "All 9 failures" not in text
    assert text.count("`StatefulSet/ledger-with-a-rather-long-name-primary`") == 2  # as a failure, and its waiver


def test_ten_thousand_findings_fit_into_a_comment_and_say_what_was_cut() -> None:
    text = shown(many(10_000))
    assert 0.9 * LIMIT < len(text.encode()) <= LIMIT
    assert "### The worst 10 of 10,000 failures" in text
    assert "<summary>All 10,000 failures</summary>" in text
    left = re.search(r"And ([\d,]+) more, too many for here", text)
    assert left is not None
    table = text[text.index("<summary>All") :].partition("</details>")[0]
    assert (
        len(re.findall(r"^\| (?:critical|high|medium|low) \|", table, re.MULTILINE)) + int(left[1].replace(",", ""))
        == 10_000
    )
    page = Page(text)
    assert page.tags <= TAGS


def test_the_worst_come_first() -> None:
    rows = re.findall(r"^\| (critical|high|medium|low) \|", shown(many(900)), re.MULTILINE)
    assert rows[:10] == ["critical"] * 10
    assert rows[10:] == sorted(rows[10:], key=lambda word: Severity(word).rank)


def test_many_namespaces_are_summed_up() -> None:
    text = shown(many(600))
    assert re.search(r"^\| 280 more \| 280 \| 280 \| - \| - \| - \| - \|$", text, re.MULTILINE)


def test_nothing_found_and_nothing_judged() -> None:
    assert "**No failures**, 3 passed." in shown(report(passed={"a": 3}))
    assert "1 namespace without a finding." in shown(report(passed={"a": 3}))
    assert "**Nothing was judged:**" in shown(report())


def test_the_exit_code_has_its_reason() -> None:
    assert "Exit code 1: 4 failures at or above high (`--fail-on` high).\n" in shown(shop(), exit_code=1)
    assert "Exit code" not in shown(shop())


@pytest.mark.parametrize(
    ("text", "markdown"),
    [
        ("The image nginx is, so to say, re-used (31 images).", "The image nginx is, so to say, re-used (31 images)."),
        ("docker.io/library/nginx:1 names a tag.", "`docker.io/library/nginx:1` names a tag."),
        ("Set `runAsNonRoot: true`.", "Set `runAsNonRoot: true`."),
        ("by @team, see #12", "by `@team`, see `#12`"),
        ("a|b", "`a\\u{7c}b`"),
        ("`x``y`", "`x` `y`"),
        ("a.b`c`", "`a.b` `c`"),
        ("odd ` tick", "odd `\\u{60}` tick"),
        ("a\u202eb", "`a\\u{202e}b`"),
        ("", ""),
    ],
)
def test_prose(text: str, markdown: str) -> None:
    assert prose(text) == markdown


def test_snippets_are_fenced_and_bullets_stay() -> None:
    text = "Do one:\n- this: `a b`\n- that\n\nas in\n\n    kind: Pod\n\n      ```\n\nand go on."
    assert list(paragraphs(text)) == [
        *("Do one:", "- this: `a b`", "- that", "", "as in", ""),
        *("```text", "kind: Pod", "", "  ``\\u{60}", "```", "", "and go on."),
    ]


@pytest.mark.parametrize("name", FRAGMENTS)
def test_a_hostile_name_is_shown_and_does_nothing(name: str) -> None:
    waiver = AppliedWaiver(name, name, name)
    one = finding("unpinned-image", name, Subject("Deployment", name, name), name, image=name, evidence={name: [name]})
    asked = msgspec.structs.replace(one, status="manual", cause="judgment")
    waived = msgspec.structs.replace(one, status="waived", waiver=waiver, origin=name)
    sample = report([one, asked, waived], coverage=[CoverageRow(name, "failed", (name,), 0, name)], warnings=[name])
    tame(shown(sample), [f"Deployment/{name}"])


@settings(deadline=None)
@given(reports())
def test_hostile_reports_are_tame(sample: Report) -> None:
    tame(shown(sample, exit_code=0))


def tame(text: str, names: Iterable[str] = ()) -> None:
    page = Page(text)
    assert page.tags <= TAGS
    assert all(re.fullmatch(r"align=right|start=\d+|lang=text|class=language-text", found) for found in page.attributes)
    assert all(escape(line) == line for line in text.split("\n"))
    assert len(text.encode()) <= LIMIT
    # Outside of code nothing is left that a site would make a mention, a reference, an emoji or a formula of.
    assert not re.search(r"[@#$`<>\[\]*_~|\\]|:\w+:|https?:|www\.", page.words)
    assert set(page.rows) <= {1, 3, 4, 5, 6, 7}
    for name in names:
        shown_name = re.sub(r"\s", lambda match: f"\\u{{{ord(match[0]):x}}}", escape(name))
        assert shown_name.replace("`", "\\u{60}").replace("|", "\\u{7c}") in page.codes


def test_long_advice_is_cut_and_says_where_it_stands() -> None:
    found = [finding(check, "x", Subject("Secret", "s"), "m") for check in ("floating-tag", "unpinned-image")]
    wordy = [msgspec.structs.replace(one, remediation="Read on. " * 700) for one in found]
    text = shown(report(wordy))
    assert "And 1 more: `auditor checks ID` tells what to do about each." in text
    assert text.count("Read on.") == 700
