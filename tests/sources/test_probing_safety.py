"""What a probe never does: keep something, go on where that is not sure, start unasked, ask without rights."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
from typing import Any

import pytest
import yaml

from auditor.cli import run
from auditor.rbac import cluster_role
from auditor.sources.configuration import identify
from auditor.sources.transport import Connection
from auditor.wire import BY_NAME
from tests.apiserver import Fault, Hang, Reply, Reset, Response, plain
from tests.apistore import Object
from tests.auditing import ROOT
from tests.sources.probing_story import DENIED, Probing, Refusal, target


def test_every_write_is_a_dry_run_and_is_looked_for_afterwards(probing: Probing) -> None:
    code, found = probing.json()
    assert code == 0
    assert [probe["namespace"] for probe in found["probes"]] == ["dev"] * 4 + ["prod"] * 4
    writes = probing.writes()
    assert len(writes) == 8
    for write in writes:
        assert (write.method, write.query["dryRun"]) == ("POST", "All")
        name = json.loads(write.body)["metadata"]["name"]
        at = probing.server.requests.index(write)
        assert probing.server.requests[at + 1].path == f"{write.path}/{name}"


def test_a_server_that_ignores_dry_run_stops_the_probe_at_once(probing: Probing) -> None:
    probing.store.keeps = True
    code, out = probing.table()
    assert (code, out) == (4, "")
    [write] = probing.writes()
    name = json.loads(write.body)["metadata"]["name"]
    assert f"pod dev/{name} exists after a dry run" in probing.err
    assert f"kubectl delete pod -n dev {name}" in probing.err


@pytest.mark.parametrize("answer", [plain(500, "x"), plain(404, "page not found"), plain(403, "no"), Reset()])
def test_a_look_that_tells_nothing_stops_it_too(
    probing: Probing, monkeypatch: pytest.MonkeyPatch, answer: Fault
) -> None:
    monkeypatch.setattr("auditor.sources.probing.secrets.token_hex", lambda size: "0000")
    monkeypatch.setattr("threading.Event.wait", lambda self, timeout=None: True)
    probing.server.inject("/api/v1/namespaces/dev/pods/auditor-probe-0000", *[answer] * 9)
    code, out = probing.table()
    assert (code, out) == (4, "")
    assert "whether a dry run of pod dev/auditor-probe-0000 was kept cannot be told" in probing.err
    assert len(probing.writes()) == 1


@pytest.mark.parametrize("verb", ["create", "get"])
def test_missing_rights_are_told_and_what_could_be_proven_is_shown(probing: Probing, verb: str) -> None:
    probing.store.bars = lambda identity, asked, plural, namespace: (asked, plural, namespace) == (verb, "pods", "dev")
    code, out = probing.table()
    assert code == 4
    assert "missing rights" in out
    assert out.count("admitted") > 3
    assert "the rights to create and to get pods are missing in dev" in probing.err
    assert "auditor rbac --probe" in probing.err
    assert len([write for write in probing.writes() if "/dev/" in write.path]) == (1 if verb == "create" else 0)


def test_the_printed_rights_are_enough(probing: Probing) -> None:
    rules = yaml.safe_load(cluster_role(BY_NAME, probe=True))["rules"]
    given = {(verb, resource) for rule in rules for verb in rule["verbs"] for resource in rule["resources"]}
    probing.store.bars = lambda identity, verb, plural, namespace: (verb, plural) not in given
    probing.store.add("v1", "pods", [target("dev")])
    code, found = probing.json()
    assert code == 0
    assert {probe["outcome"] for probe in found["probes"]} == {"admitted"}
    assert {"update", "ephemeral container"} <= {probe["place"] for probe in found["probes"]}


def test_changes_that_are_kept_stop_the_probe(probing: Probing) -> None:
    probing.store.add("v1", "pods", [target("dev")])

    def admits(operation: str, subresource: str, item: Object) -> Refusal | None:
        probing.store.keeps = operation == "UPDATE"
        return None

    probing.store.admits = admits
    code, _ = probing.table("-n", "dev")
    assert code == 4
    assert "pod dev/target has the image of a dry run" in probing.err


def test_no_change_is_tried_where_nothing_showed_that_dry_runs_are_honoured(probing: Probing) -> None:
    probing.store.add("v1", "pods", [target("dev")])
    probing.store.admits = lambda operation, subresource, item: (403, "Forbidden", DENIED)
    probing.table("-n", "dev")
    assert {write.method for write in probing.writes()} == {"POST"}


@pytest.mark.parametrize("fault", [Reset(), plain(429, "later"), plain(307, "", location="/elsewhere")])
def test_no_answer_to_a_dry_run_is_undecided_and_still_looked_for(probing: Probing, fault: Fault) -> None:
    probing.server.inject("/api/v1/namespaces/prod/pods", fault, where="dryRun")
    code, found = probing.json("-n", "prod")
    assert code == 3
    assert [probe["outcome"] for probe in found["probes"]] == ["undecided", "admitted", "admitted", "admitted"]
    assert probing.server.count("/elsewhere") == 0


def test_expired_credentials_are_no_verdict(probing: Probing) -> None:
    refused = Response(401, b'{"kind":"Status","reason":"Unauthorized","message":"Unauthorized","code":401}')
    probing.server.inject("/api/v1/namespaces/prod/pods", Reply(refused), where="dryRun")
    code, _ = probing.table("-n", "prod")
    assert code == 4
    assert "does not know these credentials" in probing.err


def test_nobody_to_ask(probing: Probing) -> None:
    assert run(probing.arguments()) == 2
    assert probing.server.requests == []
    assert run(probing.arguments("--yes", "-o", "xml")) == 2


@pytest.mark.parametrize(("said", "code"), [(b"y\n", 0), (b"n\n", 130), (b"\n", 130)])
def test_it_asks_before_it_starts(probing: Probing, said: bytes, code: int) -> None:
    here, there = pty.openpty()
    program = [sys.executable, "-m", "auditor", *probing.arguments()]
    os.write(here, said)
    done = subprocess.run(program, cwd=ROOT, stdin=there, capture_output=True, timeout=60)
    os.close(here)
    os.close(there)
    assert done.returncode == code
    assert b"2 namespaces (dev, prod)" in done.stderr
    assert bool(probing.writes()) is (code == 0)


def test_ctrl_c_ends_it_cleanly(probing: Probing) -> None:
    hang: Fault = Hang()
    probing.server.inject("/api/v1/namespaces/dev/pods", hang, where="dryRun")
    program = [sys.executable, "-m", "auditor", *probing.arguments("--yes")]
    started = subprocess.Popen(program, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert probing.server.hanging.wait(30)
        started.send_signal(signal.SIGINT)
        out, err = started.communicate(timeout=10)
    finally:
        started.kill()
        started.wait()
    assert (started.returncode, out) == (130, "")
    assert err.splitlines()[-1] == "auditor: interrupted; nothing was written"


@pytest.mark.parametrize(
    ("method", "path"),
    [("DELETE", "/api/v1/pods/a"), ("POST", "/api/v1/pods?dryRun=None"), ("PATCH", "/a#b"), ("POST", "/a%3FdryRun")],
)
def test_the_connection_writes_nothing_else(probing: Probing, method: Any, path: str) -> None:
    connection = Connection(identify(str(probing.kubeconfig), None), timeout=5, connections=1)
    with pytest.raises(ValueError, match="no dry run"):
        connection.dry_run(method, path, {})
    connection.close()
    assert probing.server.requests == []
