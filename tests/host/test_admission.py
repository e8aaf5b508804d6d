"""AdmissionConfiguration: which files the server takes, and which stop it."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.host.admission import AdmissionFile, parse
from auditor.host.decoding import Refused

V1 = "apiVersion: apiserver.config.k8s.io/v1\nkind: AdmissionConfiguration\n"
PLUGIN = "plugins: [{name: ImagePolicyWebhook, configuration: {imagePolicy: {}}}]\n"


@pytest.mark.parametrize(
    "text",
    [
        V1 + PLUGIN,
        "# a comment\n---\n" + V1 + PLUGIN + "---\nplugins: nonsense\n",
        V1.replace("apiserver.config.k8s.io/v1", "apiserver.k8s.io/v1alpha1") + PLUGIN,
        '{"apiVersion": "apiserver.config.k8s.io/v1", "kind": "AdmissionConfiguration", "plugins": null}',
        V1 + "plugins: [null, {name: null, path: null, configuration: null}]",
        V1 + "plugins: [{name: A, configuration: {x: {y: [1, {z: 2}]}}}, {name: A}]",
        V1 + 'plugins: [{name: A, configuration: {1: a, "1": b}}]',  # two keys for go-yaml
    ],
)
def test_what_is_taken(text: str) -> None:
    assert not parse(text.encode()).legacy


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "states no kind"),
        ("---\n---\n" + V1, "states no kind"),
        ("kind: AdmissionConfiguration\n", "states no apiVersion"),
        ("apiVersion: apiserver.config.k8s.io/v1\n", "states no kind"),
        (V1.replace("/v1", "/v1beta1"), "has no AdmissionConfiguration"),
        (V1.replace("config.k8s.io/v1", "k8s.io/v1"), "has no AdmissionConfiguration"),
        (V1.replace("/v1", "/v1/x"), "is no apiVersion"),
        (V1.replace("AdmissionConfiguration", "admissionconfiguration"), "not AdmissionConfiguration"),
        (V1.replace("apiserver.config.k8s.io/v1", "1"), "apiVersion is not text"),
        (V1.replace("kind", "Kind"), 'the field "Kind" is unknown'),
        (V1 + "Plugins: []", 'the field "Plugins" is unknown'),
        (V1 + "plugins: [{name: A, enabled: true}]", 'the field "plugins[0].enabled" is unknown'),
        (V1 + "plugins: [{Name: A}]", 'the field "plugins[0].Name" is unknown'),
        (V1 + "plugins: {}", "plugins is not a list"),
        (V1 + "plugins: [a]", "plugins[0] is not an object"),
        (V1 + "plugins: [{name: yes}]", "plugins[0].name is not text"),
        (V1 + "plugins: [{name: A, path: 5}]", "plugins[0].path is not text"),
        (V1 + "plugins: []\nplugins: []", 'the key "plugins" stands twice'),
        (V1 + "plugins: [{name: A, configuration: {a: 1, b: {c: 1, c: 2}}}]", 'the key "c" stands twice'),
        ('{"kind": "AdmissionConfiguration", "kind": "AdmissionConfiguration"}', "states no apiVersion"),
        (
            '{"kind": "AdmissionConfiguration", "apiVersion": "apiserver.k8s.io/v1alpha1", "plugins":0, "plugins":[]}',
            'the field "plugins" stands twice',
        ),
        ('{"apiVersion": "apiserver.config.k8s.io/v1", "kind": "AdmissionConfiguration"} more', "more after its JSON"),
        ("{apiVersion: apiserver.config.k8s.io/v1, kind: AdmissionConfiguration}", "not valid JSON"),
        ("- a", "not an object"),
        ("a: [", "not valid YAML"),
        ("\ta: b", "not valid YAML"),
        ("ImagePolicy: {}", "states no kind"),
    ],
)
def test_what_stops_the_server(text: str, reason: str) -> None:
    with pytest.raises(Refused) as refused:
        parse(text.encode())
    assert reason in refused.value.reason
    assert refused.value.certain


@pytest.mark.parametrize(
    "text",
    [
        "imagePolicy: {}",
        '{"imagePolicy": {}}',
        "podNodeSelectorPluginConfig: {}",
        "apiVersion: v1\nkind: ImagePolicy\nimagePolicy: {}",
        "kind: AdmissionConfiguration\nimagePolicy: {}",
    ],
)
def test_the_old_form(text: str) -> None:
    found = parse(text.encode())
    assert found.legacy
    assert found.entry("ImagePolicyWebhook") is not None


def test_the_first_entry_of_a_name_counts() -> None:
    found = parse((V1 + "plugins: [{name: A, path: one}, {name: a}, {name: A, path: two}]").encode())
    entry = found.entry("A")
    assert entry is not None
    assert entry.path == "one"
    assert found.entry("B") is None


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=10,
)


@settings(deadline=None)
@given(st.binary() | JSON.map(msgspec.json.encode))
def test_anything_is_taken_or_refused(data: bytes) -> None:
    try:
        found = parse(data)
    except Refused:
        return
    assert isinstance(found, AdmissionFile)
