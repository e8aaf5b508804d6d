"""The printed objects: valid, in order, labelled, restricted, and made for what the options say."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from auditor.install import memory
from tests.apiserver import ApiServer, Request, Response
from tests.apistore import Store
from tests.auditing import ROOT
from tests.install.printing import CASES, FLEET, IMAGE, POLICY, Object, container, job, one, pod, printed, text_of
from tests.real import program
from tests.sources.scanning import write_kubeconfig

ALL = pytest.mark.parametrize("arguments", CASES.values(), ids=CASES)
ORDER = (
    *("Namespace", "ServiceAccount", "ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding"),
    *("ConfigMap", "NetworkPolicy", "CronJob"),
)


@ALL
@pytest.mark.parametrize("policy", [True, False])
def test_kubernetes_own_schemas_accept_them(tmp_path: Path, arguments: tuple[str, ...], policy: bool) -> None:
    for item in printed(arguments, tmp_path, policy=policy):
        kubernetes_validate.validate(item, kubernetes_validate.latest_version(), strict=True)


@ALL
def test_order_names_and_labels(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    objects = printed(arguments, tmp_path)
    assert [item["kind"] for item in objects] == sorted((item["kind"] for item in objects), key=ORDER.index)
    place = one(objects, "Namespace")["metadata"]["name"]
    for item in objects:
        metadata = item["metadata"]
        assert metadata.get("namespace", place) == place
        assert set(metadata["labels"]) >= {f"app.kubernetes.io/{key}" for key in ("name", "version", "managed-by")}
        assert len(metadata["name"]) <= 52  # a CronJob's jobs add a suffix of 11 to it
    names = [(item["kind"], item["metadata"]["name"]) for item in objects]
    assert len(set(names)) == len(names)


@ALL
def test_the_same_options_give_the_same_bytes(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    assert text_of(arguments, tmp_path) == text_of(arguments, tmp_path)
    assert all(len(line) <= 160 for line in text_of(arguments, tmp_path).splitlines() if line.lstrip().startswith("#"))


@ALL
def test_what_is_referred_to_is_there(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    objects = printed(arguments, tmp_path)
    account = one(objects, "ServiceAccount")["metadata"]
    assert pod(objects)["serviceAccountName"] == account["name"]
    for binding in (item for item in objects if item["kind"].endswith("Binding")):
        one(objects, binding["roleRef"]["kind"], binding["roleRef"]["name"])
        subject = {"kind": "ServiceAccount", "name": account["name"], "namespace": account["namespace"]}
        assert binding["subjects"] == [subject]
    for volume in pod(objects)["volumes"]:
        for source in [volume, *volume.get("projected", {}).get("sources", ())]:
            if "configMap" in source and source["configMap"]["name"] != "kube-root-ca.crt":
                config = one(objects, "ConfigMap", source["configMap"]["name"])
                assert {item["key"] for item in source["configMap"].get("items", ())} <= config["data"].keys()
    assert [each["name"] for each in container(objects)["volumeMounts"]] == [
        each["name"] for each in pod(objects)["volumes"]
    ]
    selected = one(objects, "NetworkPolicy")["spec"]["podSelector"]["matchLabels"]
    assert selected.items() <= job(objects)["template"]["metadata"]["labels"].items()


def violations(spec: Object) -> set[str]:
    """The controls of the restricted Pod Security Standard that a pod breaks (k8s.io/pod-security-admission/policy)."""
    broken = set()
    own = spec.get("securityContext", {})
    allowed = {"configMap", "downwardAPI", "emptyDir", "persistentVolumeClaim", "projected", "secret", "csi", "image"}
    for volume in spec.get("volumes", ()):
        if not set(volume) - {"name"} <= allowed:
            broken.add("volume types")
    if any(spec.get(name) for name in ("hostNetwork", "hostPID", "hostIPC")):
        broken.add("host namespaces")
    for each in (*spec["containers"], *spec.get("initContainers", ())):
        context = each.get("securityContext", {})
        effective = {**own, **context}
        if context.get("privileged") or any(port.get("hostPort") for port in each.get("ports", ())):
            broken.add("privileged, host ports")
        if context.get("allowPrivilegeEscalation") is not False:
            broken.add("privilege escalation")
        capabilities = context.get("capabilities", {})
        if "ALL" not in capabilities.get("drop", ()) or set(capabilities.get("add", ())) - {"NET_BIND_SERVICE"}:
            broken.add("capabilities")
        if effective.get("runAsNonRoot") is not True:
            broken.add("non-root")
        if effective.get("runAsUser") == 0:
            broken.add("non-root user")
        if effective.get("seccompProfile", {}).get("type") not in ("RuntimeDefault", "Localhost"):
            broken.add("seccomp")
        if context.get("procMount", "Default") != "Default":
            broken.add("proc mount")
    if own.get("sysctls") or any(key in own for key in ("seLinuxOptions", "appArmorProfile", "windowsOptions")):
        broken.add("sysctls, SELinux, AppArmor, host process")
    return broken


@ALL
def test_pod_security(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    objects = printed(arguments, tmp_path)
    broken = violations(pod(objects))
    expected = set()
    if any(item.startswith("textfile=") for item in arguments):
        expected |= {"volume types"}
    if "--control-plane" in arguments:
        expected |= {"volume types", "non-root", "non-root user"}
    assert broken == expected
    labels = one(objects, "Namespace")["metadata"]["labels"]
    level = "privileged" if expected else "restricted"
    assert {labels[f"pod-security.kubernetes.io/{mode}"] for mode in ("enforce", "audit", "warn")} == {level}
    assert container(objects)["securityContext"]["readOnlyRootFilesystem"] is True
    for each in container(objects)["volumeMounts"]:
        assert each.get("readOnly") or each["name"] in ("textfile", "reports", "tmp")


def test_the_assertions_of_pod_security_can_fail() -> None:
    assert violations({"containers": [{"name": "a"}], "volumes": [{"name": "x", "hostPath": {}}]}) >= {
        *("volume types", "privilege escalation", "capabilities", "non-root", "seccomp"),
    }


def test_no_token_but_the_short_one(tmp_path: Path) -> None:
    objects = printed((), tmp_path)
    assert one(objects, "ServiceAccount")["automountServiceAccountToken"] is False
    assert pod(objects)["automountServiceAccountToken"] is False
    (volume,) = (each for each in pod(objects)["volumes"] if "projected" in each)
    assert volume["projected"]["sources"][0] == {"serviceAccountToken": {"path": "token", "expirationSeconds": 600}}
    assert "serviceAccountToken" not in text_of(FLEET, tmp_path)


def test_a_job_ends_at_what_stays_so_and_tries_again_what_may_pass(tmp_path: Path) -> None:
    one_cluster, fleet = job(printed((), tmp_path)), job(printed(FLEET, tmp_path))
    for found, action in ((one_cluster, "FailJob"), (fleet, "FailIndex")):
        ignored, ended = found["podFailurePolicy"]["rules"]
        assert ignored == {"action": "Ignore", "onPodConditions": [{"type": "DisruptionTarget", "status": "True"}]}
        assert (ended["action"], ended["onExitCodes"]["values"]) == (action, [1, 2, 3])
    assert one_cluster["backoffLimit"] == 2
    assert (fleet["completionMode"], fleet["completions"], fleet["backoffLimitPerIndex"]) == ("Indexed", 2, 1)
    assert "backoffLimit" not in fleet


def test_time_for_every_cluster_of_a_fleet(tmp_path: Path) -> None:
    """Were every pod to hang until its deadline, each index would still have its second try."""
    for clusters, rounds in ((1, 1), (2, 1), (4, 1), (5, 2), (9, 3)):
        arguments = ("--fleet", "--reports-claim", "r", "--clusters", str(clusters))
        for more, each in (((), 1800), (("--registry",), 3600)):
            objects = printed((*arguments, *more), tmp_path)
            tries = job(objects)["backoffLimitPerIndex"] + 1
            assert (job(objects)["parallelism"], pod(objects)["activeDeadlineSeconds"]) == (min(clusters, 4), each)
            assert job(objects)["activeDeadlineSeconds"] > rounds * tries * each


def test_the_policy_and_its_fingerprint(tmp_path: Path) -> None:
    objects = printed((), tmp_path)
    config = one(objects, "ConfigMap", "auditor-policy")
    assert config["data"] == {"policy.yaml": POLICY}
    told = config["metadata"]["annotations"], job(objects)["template"]["metadata"]["annotations"]
    assert told[0] == told[1]
    assert "--policy=/etc/auditor/policy.yaml" in container(objects)["args"]
    without = printed((), tmp_path, policy=False)
    assert not [item for item in without if item["kind"] == "ConfigMap"]
    assert not [item for item in container(without)["args"] if "policy" in item]


def test_a_baseline_is_printed_empty(tmp_path: Path) -> None:
    """Applying it again must not undo what the audit wrote into it."""
    objects = printed(("--fail-on-new", "-n", "x"), tmp_path)
    assert set(one(objects, "ConfigMap", "auditor-baseline")) == {"apiVersion", "kind", "metadata"}
    (rule,) = one(objects, "Role")["rules"]
    assert rule == {
        "apiGroups": [""],
        "resources": ["configmaps"],
        "resourceNames": ["auditor-baseline"],
        "verbs": ["get", "patch"],
    }
    assert {"--baseline=configmap:x/auditor-baseline", "--keep-baseline"} <= set(container(objects)["args"])


def test_checks_decide_about_rights(tmp_path: Path) -> None:
    def resources(*arguments: str) -> set[str]:
        rules = one(printed(arguments, tmp_path), "ClusterRole")["rules"]
        return {name for rule in rules for name in rule["resources"]}

    assert "secrets" in resources()
    assert "secrets" not in resources("--no-secrets")
    assert resources("--check", "namespace-without-pod-security") <= resources()
    assert not {"secrets", "nodes", "services"} & resources("--check", "unpinned-image")


def test_what_the_policy_switches_off_needs_no_rights(tmp_path: Path) -> None:
    checks = ("--check", "unused-pull-secret", "--check", "unpinned-image")
    assert "secrets" in text_of(checks, tmp_path)
    path = tmp_path / "off.yaml"
    path.write_text("version: 1\nchecks:\n  unused-pull-secret: {enabled: false, reason: not ours}\n")
    objects = printed((*checks, "--policy", str(path)), tmp_path, policy=False)
    assert "secrets" not in json.dumps(one(objects, "ClusterRole"))


def test_two_installations_share_nothing(tmp_path: Path) -> None:
    def shared(namespace: str) -> set[tuple[str, str]]:
        objects = printed(("-n", namespace), tmp_path)
        return {
            (item["kind"], item["metadata"]["name"])
            for item in objects
            if item["kind"] != "Namespace" and "namespace" not in item["metadata"]
        }

    assert len(shared("auditor")) == 2
    assert not shared("auditor") & shared("other")


def egress(arguments: tuple[str, ...], folder: Path) -> list[Any]:
    spec = one(printed(arguments, folder), "NetworkPolicy")["spec"]
    assert set(spec["policyTypes"]) == {"Ingress", "Egress"}
    assert "ingress" not in spec
    return list(spec["egress"])


@pytest.mark.parametrize(
    ("url", "to", "port"),
    [
        ("http://push.monitoring.svc:9091", "monitoring", 9091),
        ("http://push.monitoring.svc.cluster.local.:9091/x", "monitoring", 9091),
        ("http://pg.corp:9091", None, 9091),  # a namespace, or a domain
        ("http://push.svc", None, 80),
        ("http://push", None, 80),  # a Service here, or what a search domain makes of it
        ("http://a.svc.example.com", None, 80),
        ("http://a.b.svc.example.com", None, 80),
        ("http://a.B_.svc", None, 80),
        ("https://push.example.com", None, 443),
        ("https://192.0.2.7", "192.0.2.7/32", 443),
        ("https://[2001:db8::7]:1", "2001:db8::7/128", 1),
    ],
)
def test_the_way_to_the_pushgateway(tmp_path: Path, url: str, to: str | None, port: int) -> None:
    *_, push = egress(("--metrics", f"pushgateway={url}"), tmp_path)
    assert push["ports"] == [{"port": port, "protocol": "TCP"}]
    assert ("to" in push) == (to is not None)
    assert to is None or to in json.dumps(push["to"])
    text = text_of(("--metrics", f"pushgateway={url}"), tmp_path)
    assert ("open to any address" in text) == (to is None)


def test_the_way_to_the_api_server(tmp_path: Path) -> None:
    api = egress((), tmp_path)[0]
    assert "to" not in api
    api, *_ = egress(("--api-server", "192.0.2.0/24", "--api-server", "2001:db8::1"), tmp_path)
    assert api["to"] == [{"ipBlock": {"cidr": "192.0.2.0/24"}}, {"ipBlock": {"cidr": "2001:db8::1/128"}}]


def test_a_fleet_maps_its_keys_to_indexes(tmp_path: Path) -> None:
    def items(clusters: str) -> list[Any]:
        arguments = ("--fleet", "--reports-claim", "r", "--clusters", clusters)
        objects = printed(arguments, tmp_path)
        (volume,) = (each["projected"] for each in pod(objects)["volumes"] if "projected" in each)
        secret, names = volume["sources"]
        called = one(objects, "ConfigMap", "auditor-clusters")["data"]
        assert [(called[item["key"]], item["path"]) for item in names["configMap"]["items"]] == [
            (item["key"], item["path"].replace("kubeconfig", "name")) for item in secret["secret"]["items"]
        ]
        return [(item["key"], item["path"]) for item in secret["secret"]["items"]]

    assert items("2") == [("0", "0/kubeconfig"), ("1", "1/kubeconfig")]
    assert items("prod, stage.eu") == [("prod", "0/kubeconfig"), ("stage.eu", "1/kubeconfig")]
    args = container(printed(FLEET, tmp_path))["args"]
    assert "--kubeconfig=/secrets/auditor-clusters/kubeconfig" in args
    assert "--output=json=/reports/$(JOB_COMPLETION_INDEX).json" in args


def test_names_of_variables_are_not_expanded(tmp_path: Path) -> None:
    named = ("--metrics", "pushgateway=http://x/$$(HOME)", "--cluster-name", "a$(HOME)$")
    args = container(printed(named, tmp_path))["args"]
    assert "--pushgateway=http://x/$$$$(HOME)" in args  # `$$` is a dollar sign for the kubelet
    assert "--cluster-name=a$$(HOME)$$" in args


def test_what_a_fleet_is_told(tmp_path: Path) -> None:
    alone, fleet = text_of((), tmp_path), text_of((*FLEET, "--publish"), tmp_path)
    words = " ".join(fleet.replace("#", "").split())
    assert "that is tried twice more" in " ".join(alone.replace("#", "").split())
    assert "that is tried once more" in words
    assert "what `auditor rbac --publish` prints" in words
    assert "what `auditor rbac` prints" in " ".join(text_of(FLEET, tmp_path).replace("#", "").split())


def test_memory_is_what_was_measured(tmp_path: Path) -> None:
    """The figures of docs/performance.md may become better without becoming wrong here."""
    page = (ROOT / "docs/performance.md").read_text()
    for pods, peak in (memory.SMALL, memory.LARGE):
        (told,) = re.findall(rf"peak memory of the scan, {pods:,} pods \| ([\d.]+) MiB", page)
        assert float(told) <= peak * 1.05
        assert peak <= int(memory.request(pods).removesuffix("Mi")) < peak + 32
        assert int(memory.limit(pods).removesuffix("Mi")) >= 2 * peak
    resources = container(printed(("--pods", "150000"), tmp_path))["resources"]
    assert resources == {"requests": {"cpu": "250m", "memory": "352Mi"}, "limits": {"memory": "672Mi"}}
    assert container(printed(("--pods", "1"), tmp_path))["resources"]["requests"]["memory"] == "128Mi"


class Discovering(Store):
    """With the old discovery that kubectl falls back to, and the kinds that are printed."""

    def __init__(self) -> None:
        super().__init__()
        for kind in ("ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding"):
            self.serve("rbac.authorization.k8s.io/v1", f"{kind.lower()}s", kind, namespaced=not kind.startswith("C"))
        self.serve("networking.k8s.io/v1", "networkpolicies", "NetworkPolicy")

    def __call__(self, request: Request) -> Response:
        if request.path == "/api":
            return Response(200, json.dumps({"kind": "APIVersions", "versions": ["v1"]}).encode())
        return super().__call__(request)


@ALL
def test_kubectl_takes_the_stream(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    text = text_of(arguments, tmp_path)
    store = Discovering()
    with ApiServer(store) as server:
        config = write_kubeconfig(tmp_path / "k", server.url)
        command = [program("kubectl"), "--kubeconfig", str(config), "--cache-dir", str(tmp_path / "cache")]
        applied = subprocess.run(
            [*command, "apply", "--dry-run=client", "--validate=false", "-o", "json", "-f", "-"],
            input=text,
            capture_output=True,
            text=True,
            check=False,
        )
        assert (applied.returncode, applied.stderr) == (0, "")
        assert not store.violations
        assert {request.method for request in server.requests} == {"GET"}
    taken = json.loads(applied.stdout)["items"]
    for item in taken:
        item["metadata"].get("annotations", {}).pop("kubectl.kubernetes.io/last-applied-configuration", None)
        if not item["metadata"].get("annotations"):
            item["metadata"].pop("annotations", None)
    assert taken == list(yaml.safe_load_all(text))


def test_the_image_is_the_one_that_was_given(tmp_path: Path) -> None:
    assert container(printed((), tmp_path))["image"] == IMAGE
