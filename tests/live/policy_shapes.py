"""Admission policies as people write them, rightly and wrongly, made from a seed."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

Object = dict[str, Any]
T = TypeVar("T")

ALLOWED = "registry.example"
TIERS = ("prod", "dev")
PODS = {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE", "UPDATE"], "resources": ["pods"]}
EPHEMERAL = {**PODS, "resources": ["pods", "pods/ephemeralcontainers"]}
SELECTED = "fits"
"""The label of ConfigMaps that a paramRef's selector picks."""


@dataclass
class Case:
    """A policy with what belongs to it. Namespaces of the slot are `n<slot>-<tier>`, labelled slot and tier."""

    slot: int
    policy: Object
    bindings: list[Object]
    configmaps: list[Object] = field(default_factory=list)

    @property
    def objects(self) -> list[Object]:
        return [self.policy, *self.bindings, *self.configmaps]


def case(seed: str, slot: int) -> Case:
    return _Maker(random.Random(f"{seed}/{slot}"), slot).made()


class _Maker:
    def __init__(self, chance: random.Random, slot: int) -> None:
        self.chance = chance
        self.slot = slot
        self.name = f"case-{slot}"
        self.params = chance.random() < 0.2
        self.by_policy = chance.random() < 0.5

    def one(self, *options: T) -> T:
        return self.chance.choice(options)

    def rarely(self, probability: float = 0.15) -> bool:
        return self.chance.random() < probability

    def some(self, options: Sequence[T], most: int) -> list[T]:
        return self.chance.sample(list(options), self.chance.randint(1, most))

    def made(self) -> Case:
        policy = {"kind": "ValidatingAdmissionPolicy", "metadata": {"name": self.name}, "spec": self._policy()}
        bindings = [self._binding(number) for number in range(self.one(0, *[1] * 14, *[2] * 4, 3))]
        found = Case(self.slot, policy, bindings)
        if self.params:
            found.configmaps = self._configmaps()
        return found

    # Where a policy applies

    def _policy(self) -> Object:
        spec: Object = {"matchConstraints": self._constraints()}
        if not self.rarely(0.2):
            spec["failurePolicy"] = self.one("Fail", "Fail", "Ignore")
        if self.params:
            spec["paramKind"] = self.one(
                *[{"apiVersion": "v1", "kind": "ConfigMap"}] * 12,
                {"apiVersion": "v2", "kind": "ConfigMap"},
                {"apiVersion": "a.example/v1", "kind": "Switch"},
                {"apiVersion": "v1", "kind": "Namespace"},
            )
        if self.rarely(0.25):
            spec["matchConditions"] = [
                {"name": f"c{number}", "expression": expression}
                for number, expression in enumerate(self.some(_CONDITIONS, 2))
            ]
        expression = self._expression()
        if self.rarely(0.25):
            spec["variables"], expression = self._variables(expression)
        validations: list[Object] = [{"expression": expression}]
        if self.rarely(0.2):
            validations.append({"expression": self._expression() if self.rarely(0.5) else self.one(*_BESIDE)})
            self.chance.shuffle(validations)
        if self.rarely(0.2):
            validations[0]["messageExpression"] = self.one(*_MESSAGES)
        if self.rarely(0.1):
            validations[0]["message"] = "no"
            validations[0]["reason"] = self.one("Forbidden", "Invalid", "Unauthorized", "RequestEntityTooLarge")
        spec["validations"] = validations
        if self.rarely(0.08):
            spec["auditAnnotations"] = [{"key": "a", "valueExpression": self.one(*_ANNOTATIONS)}]
        return spec

    def _constraints(self) -> Object:
        found: Object = {"resourceRules": self._rules()}
        if self.rarely(0.12):
            found["excludeResourceRules"] = [self.one(*_EXCLUDED)]
        if self.rarely():
            found["matchPolicy"] = self.one("Exact", "Equivalent")
        self._selectors(found, own=self.by_policy)
        return found

    def _rules(self) -> list[Object]:
        rule = dict(self.one(EPHEMERAL, EPHEMERAL, PODS))
        if self.rarely(0.4):
            key, values = self.one(*_RULE_PARTS)
            rule[key] = self.one(*values)
        rules = [rule]
        if self.rarely():
            rules.insert(self.one(0, 1), self.one(*_OTHER_RULES))
        return rules

    def _selectors(self, found: Object, *, own: bool) -> None:
        expressions: list[Object] = []
        labels: dict[str, str] = {}
        if own:
            expressions.append({"key": "slot", "operator": "In", "values": [str(self.slot)]})
        if self.rarely(0.25):
            part = self.one(*_NAMESPACE_SELECTORS)(self.slot)
            expressions += part.get("matchExpressions", [])
            labels |= part.get("matchLabels", {})
        selector: Object = {}
        if expressions:
            selector["matchExpressions"] = expressions
        if labels:
            selector["matchLabels"] = labels
        if selector or self.rarely(0.1):
            found["namespaceSelector"] = selector
        if self.rarely(0.12):
            found["objectSelector"] = self.one(*_OBJECT_SELECTORS)

    def _binding(self, number: int) -> Object:
        spec: Object = {"policyName": self.name if not self.rarely(0.05) else "nobody"}
        spec["validationActions"] = self.one(
            *[["Deny"]] * 12, ["Deny", "Audit"], ["Audit"], ["Warn"], ["Warn", "Audit"], ["Deny", "Warn"]
        )
        match: Object = {}
        self._selectors(match, own=not self.by_policy)
        if self.rarely(0.1):
            match["resourceRules"] = self._rules()
        if self.rarely(0.06):
            match["excludeResourceRules"] = [self.one(*_EXCLUDED)]
        if match or self.rarely(0.1):
            spec["matchResources"] = match
        if self.params and not self.rarely(0.08):
            spec["paramRef"] = self._param_ref()
        elif not self.params and self.rarely(0.03):
            spec["paramRef"] = self._param_ref()
        name = f"{self.name}-{number}"
        return {"kind": "ValidatingAdmissionPolicyBinding", "metadata": {"name": name}, "spec": spec}

    # Params

    def _param_ref(self) -> Object:
        found: Object = {"parameterNotFoundAction": self.one("Deny", "Deny", "Allow")}
        if self.rarely(0.7):
            found["name"] = self.one(*[self.name] * 8, "missing")
        if "name" not in found or self.rarely(0.03):
            found["selector"] = self.one(
                {"matchLabels": {SELECTED: self.name}},
                {"matchExpressions": [{"key": SELECTED, "operator": "In", "values": [self.name]}]},
                {"matchLabels": {SELECTED: "nothing"}},
            )
        if self.rarely(0.6):
            found["namespace"] = f"n{self.slot}-prod"
        return found

    def _configmaps(self) -> list[Object]:
        found = []
        for tier in TIERS if self.rarely(0.6) else TIERS[:1]:
            names = [self.name, f"{self.name}-more"] if self.rarely(0.3) else [self.name]
            for name in names:
                data = dict(self.one(*_DATA))
                labels = {SELECTED: self.name} if not self.rarely(0.1) else {}
                metadata = {"name": name, "namespace": f"n{self.slot}-{tier}", "labels": labels}
                found.append({"kind": "ConfigMap", "metadata": metadata, "data": data})
        return found

    # What it says of images

    def _expression(self) -> str:
        if self.rarely(0.08):
            return self.one(*_WHOLE)
        parts = [self._images(self.one(*_PLACES))]
        if self.rarely(0.3):
            parts.append(self._images(self.one(*_PLACES)))
        if self.rarely(0.2):
            parts.append(self._volumes())
        joined = self.one(" && ", " && ", " && ", " || ").join(parts)
        if self.rarely(0.25):
            joined = self.one(*_AROUND).replace("IT", f"({joined})")
        return joined

    def _images(self, place: str) -> str:
        shape = self.one(*[*_SHAPES[:1] * 8, *_SHAPES])
        return shape.replace("PLACE", place).replace("JUDGED", self._judged("c.image"))

    def _volumes(self) -> str:
        shape = self.one(
            "object.spec.?volumes.orValue([]).all(v, !has(v.image) || JUDGED)",
            "(!has(object.spec.volumes) || object.spec.volumes.all(v, has(v.image) ? JUDGED : true))",
            "object.spec.volumes.all(v, JUDGED)",
            "object.spec.volumes.filter(v, 'image' in v).all(v, JUDGED)",
        )
        return shape.replace("JUDGED", self._judged("v.image.reference"))

    def _judged(self, image: str) -> str:
        known = _BY_PARAMS if self.params and not self.rarely(0.3) else _JUDGED
        judged = self.one(*[*known[:2] * 4, *known])
        if self.rarely(0.12):
            judged = f"({judged} {self.one('&&', '||')} {self.one(*_JUDGED)})"
        return judged.replace("IMAGE", image)

    def _variables(self, expression: str) -> tuple[list[Object], str]:
        variables: list[Object] = []
        for name, source, used in self.some(_VARIABLES, 2):
            variables.append({"name": name, "expression": source})
            expression = expression.replace(*used) if used else expression
        if self.rarely(0.3):
            variables.append({"name": "whole", "expression": expression})
            expression = self.one("variables.whole", "variables.whole == true", "!(!variables.whole)")
        if self.rarely(0.06):
            variables.append(dict(variables[0]))
        if self.rarely(0.05):
            variables.reverse()
        return variables, expression


_PLACES = (
    "object.spec.containers",
    "object.spec.containers",
    "(object.spec.containers + object.spec.?initContainers.orValue([]) + object.spec.?ephemeralContainers.orValue([]))",
    "(object.spec.containers + (has(object.spec.initContainers) ? object.spec.initContainers : []))",
    "(object.spec.containers + (has(object.spec.ephemeralContainers) ? object.spec.ephemeralContainers : []))",
    "object.spec.?initContainers.orValue([])",
    "object.spec.initContainers",
    "object.spec.ephemeralContainers",
    "object.spec.container",
    "[object.spec.containers, object.spec.?initContainers.orValue([])].flatten()",
    "object.spec.template.spec.containers",
    "(request.operation == 'CREATE' ? object : oldObject).spec.containers",
    "object.spec.?ephemeralContainers.orValue(object.spec.containers)",
    "dyn(object.spec).containers",
    "object['spec']['containers']",
    "oldObject.spec.containers",
)
_SHAPES = (
    "PLACE.all(c, JUDGED)",
    "!PLACE.exists(c, !JUDGED)",
    "PLACE.filter(c, !JUDGED).size() == 0",
    "PLACE.map(c, JUDGED).all(ok, ok)",
    "size(PLACE.filter(c, JUDGED)) == size(PLACE)",
    "PLACE.exists(c, JUDGED)",
    "PLACE.exists_one(c, JUDGED)",
    "PLACE.all(i, c, JUDGED)",
    "PLACE.all(c, !has(c.image) || JUDGED)",
    "PLACE.all(c, has(c.image) && JUDGED)",
    "PLACE.map(c, [c], PLACE.size() > 0)[0].all(c, JUDGED)",
    "[PLACE[0]].all(c, JUDGED)",
    "PLACE.size() == 0 || PLACE.all(c, JUDGED)",
    "PLACE.all(c, c.name.startsWith('istio-') || JUDGED)",
    "PLACE.all(c, c.imagePullPolicy == 'Always' && JUDGED)",
    "PLACE.all(c, JUDGED && c.?securityContext.?privileged.orValue(false) == false)",
    "PLACE.all(c, c.securityContext.runAsNonRoot == true || JUDGED)",
    "cel.bind(all, PLACE, all.all(c, JUDGED))",
    "PLACE.transformList(i, c, JUDGED).all(ok, ok)",
)
_JUDGED = (
    "IMAGE.startsWith('registry.example/')",
    "IMAGE.matches('^registry[.]example/')",
    "IMAGE.startsWith('registry.example')",
    "IMAGE.matches('registry.example/')",
    "IMAGE.matches('^(registry[.]example|other[.]example)/.+$')",
    "IMAGE.matches('^registry\\\\.example/[a-z0-9/._-]+(@sha256:[a-f0-9]{64})?$')",
    "IMAGE.split('/')[0] == 'registry.example'",
    "IMAGE.split('/')[0] in ['registry.example', 'other.example']",
    "['registry.example/', 'docker.io/library/'].exists(p, IMAGE.startsWith(p))",
    "['registry.example/'].map(p, IMAGE.startsWith(p))[0]",
    "image(IMAGE).registry() == 'registry.example'",
    "isImage(IMAGE) && image(IMAGE).registry() in ['registry.example', 'index.docker.io']",
    "image(IMAGE).containsDigest()",
    "!IMAGE.startsWith('docker.io/')",
    "!IMAGE.startsWith('auditor-probe.invalid/')",
    "!IMAGE.contains('evil')",
    "IMAGE.contains('registry.example')",
    "IMAGE.contains('@sha256:')",
    "IMAGE.matches('@sha256:[a-f0-9]{64}$')",
    "IMAGE.matches('^registry[.]example/.*@sha256:[a-f0-9]{64}$')",
    "!IMAGE.endsWith(':latest')",
    "IMAGE.contains(':') && !IMAGE.endsWith(':latest')",
    "IMAGE.indexOf('registry.example/') == 0",
    "IMAGE.substring(0, 17) == 'registry.example/'",
    "IMAGE.lowerAscii().startsWith('registry.example/')",
    "IMAGE.find('^[^/]+') == 'registry.example'",
    "IMAGE.findAll('registry')[0] == 'registry'",
    "sets.contains(['registry.example'], [IMAGE.split('/')[0]])",
    "IMAGE.replace('registry.example/', '') != IMAGE",
    "IMAGE.split('/', 2)[0] == 'registry.example'",
    "IMAGE.size() < 20",
    "IMAGE < 'registry.f' && IMAGE > 'registry.e'",
    "IMAGE == 'registry.example/app:1.0'",
    "IMAGE in ['registry.example/app:1.0', 'registry.example/main:1']",
    "IMAGE.startsWith('docker.io/library/')",
    "!IMAGE.contains('/') || IMAGE.startsWith('registry.example/')",
    "IMAGE.reverse().endsWith('elpmaxe.yrtsiger')",
    "IMAGE.startsWith(object.metadata.namespace + '.example/')",
    "IMAGE.startsWith(namespaceObject.metadata.labels['tier'] + '.example/')",
    "IMAGE.startsWith(request.namespace.split('-')[1] + '.example/')",
    "('%s/' .format(['registry.example']) == 'registry.example/' && IMAGE.startsWith('registry.example/'))",
    "IMAGE.startsWith('registry.example/') == true",
    "(IMAGE.startsWith('registry.example/') ? true : false)",
    "IMAGE.endsWith('/app') || IMAGE.startsWith('registry.example/')",
    "url('https://' + IMAGE).getHost() == 'registry.example'",
    "IMAGE.startsWith(string(b'registry.example/'))",
    "IMAGE.trim().startsWith(\"registry.example/\")",
    "int(IMAGE.size()) > 0",
    "IMAGE",
    "IMAGE.startswith('registry.example/')",
    "IMAGE.matches('^registry.example/(?!evil)')",
)
_BY_PARAMS = (
    "IMAGE.startsWith(params.data.prefix)",
    "params.data.list.split(',').exists(r, IMAGE.startsWith(r + '/'))",
    "IMAGE.startsWith(params.data['prefix'])",
    "IMAGE.startsWith(params.?data.?prefix.orValue('registry.example/'))",
    "(params == null || IMAGE.startsWith(params.data.prefix))",
    "IMAGE.matches(params.data.pattern)",
    "params.data.exists(key, IMAGE.startsWith(params.data[key]))",
    "params.data.exists(k, v, IMAGE.startsWith(v))",
    "(has(params.data.off) || IMAGE.startsWith(params.data.prefix))",
    "IMAGE.startsWith(params.metadata.labels.fits)",
    "(params.metadata.name != 'x' && IMAGE.startsWith('registry.example/'))",
    "IMAGE.startsWith(params.metadata.annotations.prefix)",
    "IMAGE.startsWith(params.prefix)",
)
_DATA: tuple[dict[str, str], ...] = (
    {"prefix": "registry.example/", "list": "registry.example,other.example", "pattern": "^registry[.]example/"},
    {"prefix": "registry.example/", "list": "registry.example", "pattern": "^registry[.]example/"},
    {"prefix": "other.example/", "list": "other.example", "pattern": "^other[.]example/"},
    {"prefix": "", "list": "", "pattern": ""},
    {"other": "registry.example/"},
    {"prefix": "registry.example/", "off": "true", "list": "registry.example", "pattern": "("},
    {},
)
_AROUND = (
    "object.metadata.?labels.?skip.orValue('') == 'yes' || IT",
    "has(object.metadata.annotations) && 'skip' in object.metadata.annotations || IT",
    "object.metadata.labels.skip == 'yes' || IT",
    "object.spec.?hostNetwork.orValue(false) == false && IT",
    "request.userInfo.username == 'system:serviceaccount:ci:bot' || IT",
    "'system:masters' in request.userInfo.groups || IT",
    "request.operation == 'UPDATE' || IT",
    "request.operation in ['DELETE', 'CONNECT'] || IT",
    "oldObject != null || IT",
    "oldObject == null || IT",
    "request.namespace.endsWith('-dev') || IT",
    "object.metadata.namespace.endsWith('-prod') && IT",
    "namespaceObject.metadata.labels.tier != 'prod' || IT",
    "namespaceObject.metadata.?labels.?exempt.orValue('') == 'true' || IT",
    "namespaceObject.metadata.annotations['exempt'] == 'true' || IT",
    "namespaceObject.metadata.name.startsWith('kube-') || IT",
    "authorizer.group('').resource('secrets').check('list').allowed() || IT",
    "authorizer.serviceAccount('ci', 'bot').group('').resource('pods').check('create').allowed() || IT",
    "request.dryRun || IT",
    "has(request.subResource) && request.subResource == 'ephemeralcontainers' || IT",
    "request.kind.kind != 'Pod' || IT",
    "request.resource.resource == 'pods' && IT",
    "request.requestKind.kind == 'Pod' && IT",
    "object.kind == 'Pod' && IT",
    "object.apiVersion == 'v1' && IT",
    "object.metadata.name.startsWith('auditor') || IT",
    "object.metadata.?generateName.orValue('') != '' || IT",
    "object.metadata.?ownerReferences.orValue([]).size() > 0 || IT",
    "object.spec.?serviceAccountName.orValue('default') == 'default' && IT",
    "object.spec.serviceAccountName != 'builder' && IT",
    "object.spec.?nodeName.orValue('') != '' || IT",
    "object.spec.containers.all(c, has(c.resources.limits)) && IT",
    "object.status.phase == 'Pending' && IT",
    "true && IT",
    "false || IT",
    "!(!IT)",
    "IT ? true : false",
    "object.nothing == 1 || IT",
    "IT || object.nothing == 1",
    "IT && object.nothing == 1",
    "object.spec.priority == 0 && IT",
    "quantity('1Gi').isGreaterThan(quantity('1Mi')) && IT",
    "request.options.kind == 'CreateOptions' && IT",
    "has(object.spec.securityContext) && IT",
    "type(object.spec.containers) == list && IT",
    "timestamp('2020-01-01T00:00:00Z') < timestamp('2021-01-01T00:00:00Z') && IT",
    "duration('1h') > duration('1m') && IT",
    "request.name != 'web' && IT",
    "object.metadata.uid != '' && IT",
    "has(object.metadata.creationTimestamp) && IT",
)
_WHOLE = (
    "true",
    "false",
    "object.spec.containers.size() > 0",
    "object.spec.containers.map(c, c.image)",
    "object.spec.hostNetwork",
    "has(object.metadata.labels.team)",
    "object.metadata.labels.team != ''",
    "object.spec.containers.all(c, c.image",
    "pod.spec.containers.all(c, true)",
    "object.spec.securityContext.runAsNonRoot == true",
    "variables.images.all(i, true)",
    "request.image != ''",
    "['a', 1].size() == 2",
    "size(object.spec.containers) < 2",
    "object.spec.containers.all(c, c.image != '')",
    "authorizer.requestResource.check('bypass').allowed()",
    "object.spec.containers[0].image.startsWith('registry.example/')",
    "dyn('yes')",
    "null == object",
)
_BESIDE = (
    "true",
    "false",
    "object.spec.containers.size() < 10",
    "object.metadata.?labels.?team.orValue('') != ''",
    "object.spec.?hostPID.orValue(false) == false",
    "object.spec.containers.all(c, !c.?securityContext.?privileged.orValue(false))",
    "object.spec.securityContext.runAsNonRoot",
    "request.userInfo.username != 'mallory'",
)
_MESSAGES = (
    "'refused: ' + object.metadata.name",
    "object.nothing",
    "object.spec.containers.map(c, c.image).join(', ')",
    "1",
    "'in ' + request.namespace",
    "''",
    "string(object.spec.containers.size())",
)
_ANNOTATIONS = ("'x'", "object.metadata.namespace", "object.nothing", "null", "1", "string(object.spec.priority)")
_CONDITIONS = (
    "request.operation != 'DELETE'",
    "request.namespace.startsWith('n')",
    "!request.namespace.endsWith('-dev')",
    "object.metadata.?labels.?guard.orValue('') == 'on'",
    "object.metadata.?labels.?skip.orValue('') != 'yes'",
    "object.metadata.labels.guard == 'on'",
    "!('system:masters' in request.userInfo.groups)",
    "request.userInfo.username != 'system:serviceaccount:ci:bot'",
    "!request.userInfo.username.startsWith('system:node:')",
    "namespaceObject.metadata.labels.tier == 'prod'",
    "object.spec.containers.exists(c, !c.image.startsWith('registry.example/'))",
    "object.spec.?hostNetwork.orValue(false)",
    "has(object.spec.containers)",
    "oldObject == null",
    "request.operation == 'CREATE'",
    "true",
    "false",
    "object.nothing == 1",
    "request.name != ''",
    "has(request.subResource) && request.subResource != ''",
    "request.dryRun != true",
    "variables.a",
    "authorizer.group('').resource('pods').namespace(request.namespace).check('create').allowed()",
)
_VARIABLES: tuple[tuple[str, str, tuple[str, str] | None], ...] = (
    ("containers", "object.spec.containers", ("object.spec.containers", "variables.containers")),
    ("init", "object.spec.?initContainers.orValue([])", ("object.spec.?initContainers.orValue([])", "variables.init")),
    ("prefix", "'registry.example/'", ("'registry.example/'", "variables.prefix")),
    ("broken", "object.nothing", None),
    ("number", "1 + 1", None),
    ("images", "object.spec.containers.map(c, c.image)", None),
    ("spec", "object.kind == 'Pod' ? object.spec : object.spec.template.spec", ("object.spec", "variables.spec")),
    ("wide", "{'registry.example': true}", ("'registry.example'", "'registry.example'")),
    ("bad-name", "true", None),
)
_RULE_PARTS: tuple[tuple[str, tuple[Any, ...]], ...] = (
    (
        "resources",
        (
            ["*"],
            ["*/*"],
            ["pods/*"],
            ["pods", "deployments"],
            ["deployments"],
            ["Pods"],
            ["pod"],
            ["pods/ephemeralcontainers"],
            ["*/ephemeralcontainers", "pods"],
            ["*", "*/*"],
            ["*", "pods"],
            ["pods", "pods/*"],
            ["pods/status"],
            ["pods", "pods/resize", "pods/ephemeralcontainers"],
            [],
        ),
    ),
    ("operations", (["*"], ["CREATE"], ["UPDATE"], ["CREATE", "DELETE"], ["*", "CREATE"], ["Create"], ["CONNECT"], [])),
    ("apiGroups", (["*"], ["core"], ["", "apps"], ["apps"], ["*", ""])),
    ("apiVersions", (["*"], ["v1", "v2"], ["v2"], ["v1beta1"], ["*", "v1"], [])),
    ("scope", ("*", "Namespaced", "Cluster", "namespaced")),
    ("resourceNames", (["web"], [], ["*"], ["app", "web"], [""])),
)
_OTHER_RULES: tuple[Object, ...] = (
    {**PODS, "apiGroups": ["apps"], "resources": ["deployments"]},
    {**PODS, "resources": ["pods/ephemeralcontainers"], "operations": ["UPDATE"]},
    {**PODS, "resources": ["namespaces"], "scope": "Cluster"},
    {**PODS, "operations": ["DELETE"]},
    {**PODS, "resourceNames": ["web"]},
)
_EXCLUDED: tuple[Object, ...] = (
    PODS,
    {**PODS, "operations": ["UPDATE"]},
    {**PODS, "resources": ["pods/ephemeralcontainers"]},
    {**PODS, "resources": ["pods/*"]},
    {**PODS, "resourceNames": ["web"]},
    {**PODS, "apiGroups": ["apps"], "resources": ["deployments"]},
    {**PODS, "scope": "Cluster"},
    {**PODS, "apiVersions": ["v2"]},
)
_NAMESPACE_SELECTORS = (
    lambda slot: {"matchLabels": {"tier": "prod"}},
    lambda slot: {"matchExpressions": [{"key": "tier", "operator": "NotIn", "values": ["dev"]}]},
    lambda slot: {"matchExpressions": [{"key": "exempt", "operator": "DoesNotExist"}]},
    lambda slot: {"matchExpressions": [{"key": "tier", "operator": "Exists"}]},
    lambda slot: {"matchLabels": {"kubernetes.io/metadata.name": f"n{slot}-dev"}},
    lambda slot: {"matchLabels": {"name": f"n{slot}-prod"}},
    lambda slot: {"matchExpressions": [{"key": "tier", "operator": "In", "values": []}]},
    lambda slot: {"matchExpressions": [{"key": "tier", "operator": "Exists", "values": ["x"]}]},
    lambda slot: {"matchExpressions": [{"key": "tier", "operator": "in", "values": ["prod"]}]},
    lambda slot: {"matchLabels": {"tier": "Prod"}},
    lambda slot: {"matchLabels": {"bad key!": "x"}},
)
_OBJECT_SELECTORS: tuple[Object, ...] = (
    {},
    {"matchLabels": {"guard": "on"}},
    {"matchExpressions": [{"key": "skip", "operator": "DoesNotExist"}]},
    {"matchExpressions": [{"key": "skip", "operator": "NotIn", "values": ["yes"]}]},
    {"matchExpressions": [{"key": "app", "operator": "Exists"}]},
)
