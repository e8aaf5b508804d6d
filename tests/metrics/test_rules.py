"""The alerts: promtool takes them and their unit tests, Prometheus fires them, the operator's object holds the same."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from textwrap import indent
from typing import Any

import yaml

from tests.conftest import Golden
from tests.metrics.conftest import MONITORING
from tests.metrics.nights import last_night
from tests.metrics.servers import ask, patiently
from tests.real import node_package, program

RULES = MONITORING / "rules.yaml"
OBJECT = MONITORING / "prometheusrule.yaml"
HEAD = """\
# The rules of rules.yaml for the Prometheus operator. Give it the labels that your Prometheus' ruleSelector asks for.
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata:
  name: auditor
  namespace: auditor
spec:
"""


_VALIDATE = """
import { PrometheusRule } from "@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1";
import { readFileSync } from "node:fs";
const given = JSON.parse(readFileSync(0, "utf8"));
try { new PrometheusRule(given).validate(); } catch (error) { console.log(error.message); }
"""


def rules() -> list[dict[str, Any]]:
    (group,) = yaml.safe_load(RULES.read_text())["groups"]
    return list(group["rules"])


def test_promtool_takes_the_rules() -> None:
    done = subprocess.run([program("promtool"), "check", "rules", RULES], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert f"SUCCESS: {len(rules())} rules found" in done.stdout


def test_each_alert_fires_when_it_should_and_only_then() -> None:
    cases = Path(__file__).with_name("rules_test.yaml")
    done = subprocess.run([program("promtool"), "test", "rules", cases], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    fired = set(re.findall(r'ALERTS\{alertname="(\w+)", alertstate="firing"', cases.read_text()))
    assert fired == {rule["alert"] for rule in rules()}


def test_the_object_holds_the_rules(golden: Golden) -> None:
    """Generated: rules.yaml is what to change."""
    golden(HEAD + indent(RULES.read_text().partition("\n")[2], "  "), OBJECT)
    assert yaml.safe_load(OBJECT.read_text())["spec"] == yaml.safe_load(RULES.read_text())


def complaint(item: Any) -> str:
    """What the operator's published type refuses of an object; empty where it takes it."""
    done = subprocess.run(
        [program("node"), "--input-type=module", "--eval", _VALIDATE],
        cwd=node_package("@kubernetes-models/prometheus-operator"),
        input=json.dumps(item),
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


def test_the_object_is_one_of_the_operator() -> None:
    """By its type; what it does not know, promtool would not take in rules.yaml."""
    given = yaml.safe_load(OBJECT.read_text())
    assert complaint(given) == ""
    assert given["spec"].keys() == {"groups"}
    given["spec"]["groups"][0]["rules"][2]["for"] = "soon"
    assert "rules/2/for" in complaint(given)


def test_each_alert_says_what_where_and_what_to_do() -> None:
    for rule in rules():
        assert set(rule["annotations"]) == {"summary", "description", "runbook"}, rule["alert"]
        assert "$labels.cluster" in rule["annotations"]["description"], rule["alert"]
        assert rule["labels"]["severity"] in ("critical", "warning", "info")
        assert f"`{rule['alert']}`" in (MONITORING.parents[1] / "guides/metrics.md").read_text()


def test_rules_ask_for_metrics_that_exist() -> None:
    exported = set(re.findall(r"^# TYPE (\S+)", last_night(), re.MULTILINE))
    for rule in rules():
        assert set(re.findall(r"\bauditor_\w+", rule["expr"])) <= exported, rule["alert"]


def test_prometheus_fires_them_with_readable_texts(night: str) -> None:
    def firing() -> dict[str, dict[str, str]]:
        alerts = ask(night, "alerts")["alerts"]
        return {one["labels"]["alertname"]: one["annotations"] for one in alerts if one["state"] == "firing"}

    # The shop was read an hour ago, and its one waiver ends with January 2027.
    expected = {"AuditorNewCriticalFindings", "AuditorCheckErrors"}
    found = patiently(lambda: firing() if expected <= firing().keys() else None, "alerts")
    assert found.keys() - expected <= {"AuditorWaiverEndsSoon"}
    assert found["AuditorNewCriticalFindings"]["summary"] == "New critical image-security findings in cluster shop: 1"
    assert found["AuditorCheckErrors"]["summary"] == "Check runs-as-root breaks in cluster shop"
