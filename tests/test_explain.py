"""`auditor explain`: what one image's explanation holds, and what a person reads of it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from auditor.cli import run
from auditor.engine import evaluate
from auditor.explain import explain
from auditor.explanation import Explanation
from auditor.meant import near
from auditor.packs import applicable, load_packs, select
from auditor.policy import Policy
from auditor.reporters.explanation import render_json, render_text
from auditor.views import Views
from tests.auditing import FIXTURES, TODAY, policy_at, read

SHOP = FIXTURES / "clusters" / "shop"
NGINX = "docker.io/library/nginx"


def explained(asked: str, path: Path, policy: Policy | None = None) -> Explanation:
    snapshot = read(path)
    rules = policy or Policy()
    checks = applicable(select(load_packs(())), snapshot)
    report = evaluate(snapshot, checks, rules, TODAY)
    return explain(asked, Views(snapshot, rules), report)


@pytest.fixture(scope="module")
def nginx() -> Explanation:
    return explained("nginx", SHOP / "cluster", policy_at(SHOP / "policy.yaml"))


def test_it_tells_where_an_image_runs_and_how_it_gets_there(nginx: Explanation) -> None:
    (content,) = nginx.contents
    assert content.name.startswith(f"{NGINX}:1.27.3@sha256:")
    assert [(use.namespace, use.name, use.pods) for use in content.uses] == [("storefront", "product-images", 2)]
    assert {entry.node for entry in nginx.cached} == {"worker-1", "worker-3"}
    assert [(pull.namespace, pull.serving) for pull in nginx.pulls] == [("storefront", ())]
    assert [(allowed.verdict, allowed.entry) for allowed in nginx.policy] == [("allowed", "docker.io/library")]
    assert [standing.namespace for standing in nginx.enforcement] == ["storefront"]


def test_findings_are_those_of_its_containers_and_of_it(nginx: Explanation) -> None:
    assert {finding.check for finding in nginx.findings} >= {"unpinned-image", "ambiguous-image-name"}
    assert all(f.subject.container in ("nginx", None) or f.subject.kind == "Tag" for f in nginx.findings)


@pytest.mark.parametrize(
    ("asked", "contents"),
    [
        ("nginx:1.27.3", 1),
        ("docker.io/library/nginx", 1),
        ("nginx:1.0", 0),
        (f"nginx@sha256:{'0' * 64}", 0),
        ("harbor.larkspur.example/nginx", 0),
    ],
)
def test_an_image_is_asked_for_by_repository_tag_or_digest(asked: str, contents: int) -> None:
    assert len(explained(asked, SHOP / "cluster").contents) == contents


MANIFEST = """
apiVersion: v1
kind: Secret
metadata: {{name: regcred, namespace: shop}}
type: kubernetes.io/dockerconfigjson
stringData: {{.dockerconfigjson: '{{"auths": {{"registry.example/team": {{"auth": "dXNlcjpodW50ZXIy"}}}}}}'}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {{name: web, namespace: shop}}
spec:
  template:
    spec:
      imagePullSecrets: [{{name: regcred}}]
      containers: [{{name: web, image: {image}}}]
---
kind: ClusterFixture
complete: true
"""


def cluster(tmp_path: Path, image: str) -> Path:
    path = tmp_path / "cluster.yaml"
    path.write_text(MANIFEST.format(image=json.dumps(image)))
    return path


def test_credentials_are_told_by_key_alone(tmp_path: Path) -> None:
    found = explained("registry.example/team/app", cluster(tmp_path, "registry.example/team/app:1"))
    assert [pull.serving for pull in found.pulls] == [("regcred: registry.example/team",)]
    for text in (render_text(found), render_json(found)):
        assert "regcred: registry.example/team" in text
        assert "hunter2" not in text
        assert "dXNlcjpodW50ZXIy" not in text


def test_a_secret_that_does_not_serve_is_named(tmp_path: Path) -> None:
    found = explained("quay.io/app", cluster(tmp_path, "quay.io/app:1"))
    assert "none of regcred serves it" in render_text(found)


def test_what_is_no_reference_is_found_as_it_is_written(tmp_path: Path) -> None:
    found = explained("Not:An:Image", cluster(tmp_path, "Not:An:Image"))
    assert found.known
    assert [use.name for use in found.malformed] == ["web"]
    assert "shop/Deployment/web (web): Not:An:Image" in render_text(found)
    assert "malformed-image-reference" in {finding.check for finding in found.findings}


def test_what_was_not_read_is_said(tmp_path: Path) -> None:
    path = tmp_path / "web.yaml"
    path.write_text(MANIFEST.format(image='"registry.example/team/app:1"').split("---")[1])
    text = render_text(explained("registry.example/team/app", path))
    assert "NOT READ, SO THERE MAY BE MORE" in text
    assert "not known (secrets: excluded)" in text
    assert text.count("not in the input") == 1, "by reason"


@pytest.mark.parametrize("text", ["\x1b[2J", "a\u202eb", "a\u200bb", "a\x9bb", "<script>", "a\nb", "\x7f"])
def test_hostile_names_are_escaped(tmp_path: Path, text: str) -> None:
    found = explained(text, cluster(tmp_path, text))
    for shown in (render_text(found), render_json(found)):
        assert all(c == "\n" or (c.isprintable() and c not in "\u202e\u200b") for c in shown)


def test_lines_fit(nginx: Explanation) -> None:
    for width in (60, 80, 120):
        assert max(map(len, render_text(nginx, width).splitlines())) <= width


def test_the_json_form_is_versioned(nginx: Explanation) -> None:
    plain = json.loads(render_json(nginx))
    assert plain["schema"] == "auditor.explanation/v1"
    assert plain["contents"][0]["uses"][0]["pullPolicies"] == ["IfNotPresent"]
    assert plain["findings"][0]["id"]


def test_names_like_it_are_told() -> None:
    views = Views(read(SHOP / "cluster"), Policy())
    assert near("ngnix:1", views) == [NGINX]
    assert near("zzzzzz", views) == []


def test_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["explain", "nginx", "--from", str(SHOP / "cluster")]) == 0
    assert NGINX in capsys.readouterr().out
    assert run(["explain", "ngnix", "--from", str(SHOP / "cluster")]) == 2
    assert f"There is: {NGINX}." in capsys.readouterr().err
    assert run(["explain", "nginx", "--from", str(SHOP / "cluster"), "-o", "html"]) == 2
