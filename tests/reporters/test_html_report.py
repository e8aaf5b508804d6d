"""The HTML page as text: what it holds, what it forbids, and that nothing of a cluster becomes markup."""

from __future__ import annotations

import base64
import hashlib
import re
from html.parser import HTMLParser

import msgspec
import pytest
from hypothesis import given, settings

from auditor.diff import diff
from auditor.escape import escape
from auditor.report import ClusterRow, CoverageRow, EnforcementRow, Finding, PolicyRow, Report
from auditor.reporters import Options, render
from auditor.reporters.html_report import page
from auditor.reporters.html_text import Block, blocks, coded, evidence, is_link
from tests.reporters.hostile import reports
from tests.reporters.html_samples import compared, hostile, large
from tests.reporters.samples import enforced, finding, report, shop, use

VOID = {"meta", "input", "wbr", "br"}
OPTIONAL = {"dt", "dd"}


class Tree(HTMLParser):
    """Elements in order as (name, attributes), and the text of elements with an id."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.texts: dict[str, str] = {}
        self.raw: dict[str, str] = {}
        self._open: list[tuple[str, str]] = []
        self.feed(text)
        self.close()
        assert [name for name, _ in self._open if name not in OPTIONAL] == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        assert len(given) == len(attrs)
        self.elements.append((tag, given))
        if tag in VOID:
            return
        self._open.append((tag, given.get("id", "")))
        if given.get("id"):
            assert given["id"] not in self.texts
            self.texts[given["id"]] = ""

    def handle_endtag(self, tag: str) -> None:
        while self._open[-1][0] in OPTIONAL and tag not in OPTIONAL:
            self._open.pop()
        assert self._open.pop()[0] == tag

    def handle_data(self, data: str) -> None:
        if self._open and self._open[-1][0] in ("script", "style"):
            self.raw[self._open[-1][0]] = data
        for _, name in self._open:
            if name:
                self.texts[name] += data

    def all(self, tag: str) -> list[dict[str, str]]:
        return [attributes for name, attributes in self.elements if name == tag]

    def rows(self) -> list[dict[str, str]]:
        return [attributes for attributes in self.all("li") if attributes.get("id", "").startswith("f-")]


def tree(sample: Report, **options: object) -> Tree:
    return Tree(render("html", sample, msgspec.convert(options, Options)))


def directives(found: Tree) -> dict[str, str]:
    (policy,) = (meta["content"] for meta in found.all("meta") if "http-equiv" in meta)
    return {name: rest for name, _, rest in (part.strip().partition(" ") for part in policy.split(";"))}


def test_the_policy_allows_the_one_style_and_the_one_script_and_nothing_else() -> None:
    found = tree(shop())
    hashes = {
        name: "'sha256-" + base64.b64encode(hashlib.sha256(found.raw[name].encode()).digest()).decode() + "'"
        for name in ("style", "script")
    }
    assert directives(found) == {
        "default-src": "'none'",
        "style-src": hashes["style"],
        "script-src": hashes["script"],
        "base-uri": "'none'",
        "form-action": "'none'",
        "require-trusted-types-for": "'script'",
        "trusted-types": "",
    }
    names = [name for name, _ in found.elements]
    assert names.index("meta") < names.index("style")
    assert (names.count("style"), names.count("script")) == (1, 1)
    assert not re.search(
        r"url\(|@import|fetch\(|XMLHttp|innerHTML|eval\(|https?:", found.raw["style"] + found.raw["script"]
    )


def test_every_finding_is_there_once_and_stands_apart_by_what_it_is() -> None:
    found = tree(shop())
    assert sorted(row["id"] for row in found.rows()) == sorted(f"f-{f.id}" for f in shop().findings)
    for finding_ in shop().findings:
        text = found.texts[f"f-{finding_.id}"]
        assert finding_.message in text
        assert finding_.check in text
        assert finding_.subject.name in text
        assert (finding_.image or "") in text
    assert "runs-as-root" in found.texts["judge"]
    assert "TICKET-12" in found.texts["waived"]
    assert "TICKET-12" not in found.texts["fail"]
    assert "waiver expired" in found.texts["fail"]
    assert "KeyError" in found.texts["unjudged"]


def test_what_was_not_seen_stands_before_everything_else() -> None:
    text = render("html", shop())
    found = Tree(text)
    gaps = found.texts["gaps"]
    assert "This audit is incomplete" in gaps
    assert '"system:serviceaccount:audit:auditor" cannot list "secrets"' in gaps
    assert "3 checks have no answer, 36 subjects not judged" in " ".join(gaps.split())
    assert "kube-node-lease, kube-public" in gaps
    assert text.index('id="gaps"') < text.index('id="overview"') < text.index('id="findings"')
    clean = tree(report(passed={"a": 1}, coverage=[CoverageRow("pods", "read", (), 12)]))
    assert "gaps" not in clean.texts


def test_one_subject_is_one() -> None:
    about = use("Namespace", "web", "")
    evidence = {"resources": {"pods": "may not be read"}, "count": 1}
    unread = finding("runs-as-root", "web", about, "…", status="manual", cause="unreadable", evidence=evidence)
    assert "1 check has no answer, 1 subject not judged" in " ".join(tree(report([unread])).texts["gaps"].split())


def test_leaving_out_on_purpose_is_told_without_alarm() -> None:
    found = tree(report(passed={"a": 1}, coverage=[CoverageRow("*", "excluded", ("b",), 0, "excluded from the audit")]))
    assert "Left out of this audit" in found.texts["gaps"]


def test_a_resource_that_only_findings_tell_of_is_a_gap_too() -> None:
    unread = finding(
        "runs-as-root",
        "web",
        use("Namespace", "web", ""),
        "Not judged.",
        status="manual",
        cause="unreadable",
        evidence={"resources": {"pods": "nobody asked for them"}},
    )
    gaps = tree(report([unread])).texts["gaps"]
    assert "pods" in gaps
    assert "nobody asked for them" in gaps


@pytest.mark.parametrize(
    ("sample", "said"),
    [
        (report(cluster=ClusterRow(source="files"), checks=()), "Nothing was judged"),
        (report(passed={"a": 1}), "No failures"),
        (report(passed={"a": 1}, coverage=[CoverageRow("nodes", "forbidden")]), "No failures in what could be read"),
        (shop(), "9 failures: 1 critical, 3 high, 4 medium, 1 low"),
    ],
)
def test_the_headline(sample: Report, said: str) -> None:
    assert f'<p class="headline">{said}' in render("html", sample)


def test_the_exit_code_and_its_reason_stand_at_the_head() -> None:
    assert "exit code 1: 4 failures at or above high" in render("html", shop(), Options(exit_code=1))
    assert "exit code" not in render("html", shop())


def test_heat_map_counts_are_those_of_the_findings() -> None:
    found = tree(shop())
    cells = [
        a for a in found.all("a") if a.get("class", "").startswith("go ") and "data-ns" in a and "data-severity" in a
    ]
    failures = [f for f in shop().findings if f.status == "fail"]
    expected = {(f.namespace or "", str(f.severity)) for f in failures}
    assert {(a["data-ns"], a["data-severity"]) for a in cells} == expected


def test_the_remedy_of_a_check_stands_once() -> None:
    text = render("html", large(200))
    assert text.count("crane digest docker.io/library/nginx:1.25") == 1


def test_what_is_new_gone_and_unseen_since_an_earlier_report() -> None:
    after, comparison = compared()
    found = Tree(page(after, Options(), comparison=comparison))
    fresh = {row["id"] for row in found.rows() if row.get("data-new")}
    assert fresh == {f"f-{f.id}" for f in comparison.new}
    assert len(fresh) == 2
    text = page(after, Options(), comparison=comparison)
    assert "Deployment/gone (app)" in text
    assert "Secret/unseen" in text
    assert "2026-11-20T12:00:00Z" in text
    assert "data-new" not in re.sub(r"<script>.*?</script>", "", render("html", after), flags=re.DOTALL)


def test_why_a_baseline_may_not_compare_stands_before_the_numbers() -> None:
    after = shop()
    before = msgspec.structs.replace(after, policy=PolicyRow(), cluster=ClusterRow("other", "uid-2"))
    comparison = diff(before, after)
    text = page(after, Options(), comparison=comparison)
    part = text[text.index('<ul class="doubts"') : text.index('<ul class="moves"')]
    assert re.findall(r"<li>(.*)</li>", part) == list(comparison.warnings)
    assert len(comparison.warnings) == 2
    assert '<ul class="doubts"' not in page(after, Options(), comparison=compared()[1])


def test_the_matrix_of_enforcement_is_there_where_the_report_has_one() -> None:
    assert 'id="enforcement"' not in render("html", report(passed={"a": 1}))
    assert 'id="enforcement"' not in render("html", report(passed={"a": 1}, enforcement=EnforcementRow()))
    found = Tree(render("html", shop())).texts["enforcement"]
    for text in (
        *("What stops a forbidden image", "registries", "digests", "signatures", "2 namespaces"),
        *("not enforced", "Kyverno ClusterPolicy/registries", "nearest: Kyverno Policy/legacy/signed"),
        *("failurePolicy is Ignore", "action: failures are only reported", "could not be judged: connaisseur"),
        *("not read: clusterimagepolicies.policy.sigstore.dev", "not all was read that could enforce it"),
    ):
        assert text in found
    assert all(row.namespace in found for row in enforced().namespaces)


def test_the_same_finding_of_two_clusters_has_two_anchors() -> None:
    one = finding("floating-tag", "web", use("Deployment", "web", "app"), "It names latest.")
    both = [msgspec.structs.replace(one, cluster=name) for name in ("north", "south")]
    found = tree(report(both))
    assert [row["id"] for row in found.rows()] == [f"f-{one.id}", f"f-{one.id}-2"]
    assert [row["data-cluster"] for row in found.rows()] == ["north", "south"]


def test_hostile_names_are_text() -> None:
    harmless_names = {name for name, _ in tree(shop()).elements} | {"select", "option"}
    found = tree(hostile())
    assert {name for name, _ in found.elements} <= harmless_names
    assert len(found.rows()) == len(hostile().findings)


@settings(max_examples=60, deadline=None)
@given(reports())
def test_no_text_of_a_cluster_becomes_markup(sample: Report) -> None:
    text = render("html", sample)
    found = Tree(text)
    names = [name for name, _ in found.elements]
    assert (names.count("script"), names.count("style"), names.count("form")) == (1, 1, 1 if sample.findings else 0)
    assert not {"img", "iframe", "link", "base", "object", "embed", "svg"} & set(names)
    for _, attributes in found.elements:
        assert not [name for name in attributes if name.startswith("on") or name in ("style", "src", "action")]
        assert attributes.get("href", "#").startswith(("#", "https://"))
    assert [line for line in text.split("\n") if escape(line) != line] == []
    assert len(found.rows()) == len(sample.findings)
    assert all(_told(f, found) for f in sample.findings)


def _told(finding_: Finding, found: Tree) -> bool:
    return any(escape(finding_.message) in found.texts[row["id"]] for row in found.rows())


def test_lists_are_of_bounded_length() -> None:
    text = render("html", large(500, spaces=1))
    lengths = [part.count('<li id="f-') for part in text.split('<ol class="rows"')[1:]]
    assert max(lengths) <= 40
    assert sum(lengths) == 500


@pytest.mark.parametrize(
    ("text", "link"),
    [
        ("https://kubernetes.io/docs/#a", True),
        ("https://h:8443/x?y=1&z=%20", True),
        ("http://kubernetes.io/", False),
        ("javascript:alert(1)", False),
        ("https://user@evil.example/", False),
        ('https://e/"onclick=1', False),
        ("https://e/ x", False),
        ("https://e/\n", False),
        ("https://\u202e.example/", False),
    ],
)
def test_only_plain_https_becomes_a_link(text: str, link: bool) -> None:
    assert is_link(text) is link


def test_a_remedy_is_paragraphs_and_lines_to_paste() -> None:
    text = "Name it,\nand pin it:\n\n    image: a\n      b: c\n\nThen:\n    kubectl apply\nDone."
    assert list(blocks(text)) == [
        Block("Name it, and pin it:"),
        Block("image: a\n  b: c", True),
        Block("Then:"),
        Block("kubectl apply", True),
        Block("Done."),
    ]


def test_code_in_a_remedy_is_marked_as_code() -> None:
    assert coded("Set `a: <b>` and `c`, `") == "Set <code>a: &lt;b&gt;</code> and <code>c</code>, `"
    assert coded("`\u202e`") == "<code>\\u{202e}</code>"
    text = render("html", shop())
    assert "<p>Set <code>runAsNonRoot: true</code>.</p>" in text


def test_evidence_is_json_with_a_line_per_key() -> None:
    values = {"count": 3, "nodes": ["a", "b"], "long": ["x" * 60, "y" * 60], "odd": "\u202e"}
    text = evidence(values)
    assert msgspec.json.decode(text) == values
    assert '  "nodes": ["a", "b"],' in text.split("\n")
    assert "\u202e" not in text
    assert evidence({}) == ""


def test_the_order_of_findings_does_not_change_the_page() -> None:
    sample = shop()
    turned = msgspec.structs.replace(sample, findings=tuple(reversed(sample.findings)))
    assert [row["id"] for row in tree(sample).rows()] == [row["id"] for row in tree(turned).rows()]
    assert tree(sample).rows()[0]["data-s"] == "critical"
