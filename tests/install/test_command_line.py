"""`auditor install` on the command line: where it writes, what it warns of, and what it refuses."""

from __future__ import annotations

import base64
import gzip
import os
from pathlib import Path

import pytest
import typer.main
import yaml
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from auditor.cli import app, run
from auditor.commands.inputs import read_policy
from tests.auditing import ROOT
from tests.install.printing import CASES, IMAGE, POLICY, container, job, one, pod, printed


@pytest.mark.parametrize("arguments", CASES.values(), ids=CASES)
def test_the_container_runs_options_that_there_are(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    name, *options = container(printed(arguments, tmp_path))["args"]
    scan = typer.main.get_group(app).commands[name]
    context = scan.make_context(name, list(options))
    assert context.params["fail_on"] in ("high", "medium")


WRONG = {
    "-n Auditor": "no namespace can have that name",
    "-n " + "a" * 64: "no namespace can have that name",
    "-n default": "Pod Security labels",
    "-n kube-system": "Pod Security labels",
    "--image nginx:": "--image nginx:",
    "--image registry.example/Upper": "--image registry.example/Upper",
    "--pull-secret a_b": "no object can have that name",
    "--pull-secret a..b": "no object can have that name",
    "--pull-secret a.-b": "no object can have that name",
    "--pull-secret " + "a" * 254: "no object can have that name",
    "--schedule hourly": "it has 1 fields",
    "--metrics textfile": "no such way",
    "--metrics http://bob:hunter2@gw:9091": "no such way",
    "--metrics=": "no such way",
    "--metrics textfile=http://bob:hunter2@gw/x": "no absolute path",
    "--metrics pushgateway=http://bob:hunter2@gw:x": "this is no URL",
    "--metrics pushgateway=http://bob:hunter2@gw/?a": "there may be a path",
    "--image https://bob:hunter2@registry.example/a": "--image:",
    "--api-server https://bob:hunter2@api.example": "no address or network",
    "--registry --registry-plain-http http://bob:hunter2@x": "this is no host",
    "--registry --registry-allow-private http://bob:hunter2@x": "this is no host",
    "--registry --registry-mirror docker.io=http://bob:hunter2@x": "no address of a mirror",
    "--registry --registry-mirror http://bob:hunter2@x=y": "--registry-mirror",
    "--registry --registry-credentials http://bob:hunter2@x": "there is only cluster",
    "--registry --registry-ca /nowhere.pem": "/nowhere.pem",
    "--registry --registry-ca /dev/null": "no certificate",
    "--registry --registry-credentials cluster --no-secrets": "reads secrets",
    "--registry-ca x.pem": "Add --registry",
    "--registry --registry-ca=": "the path is empty",
    "--pull-secret=": "no object can have that name",
    "--output=": "is a directory",
    "--registry-credentials cluster": "Add --registry",
    "--cluster-name=": "no name of a cluster",
    "--cluster-name @/nowhere": "/nowhere",
    "--metrics file=/x": "no such way",
    "--metrics textfile=": "no such way",
    "--metrics textfile=x/y": "no absolute path",
    "--metrics textfile=/": "no absolute path",
    "--metrics textfile=/a/../etc": "no absolute path",
    "--metrics pushgateway=ftp://x": "no http or https URL",
    "--metrics pushgateway=http://bob:hunter2@x": "no place for a password",
    "--api-server 10.0.0.1/8": "all bits are zero",
    "--api-server api.example": "--api-server api.example",
    "--fail-on bad": "no such severity",
    "--check no-such": "there is no check 'no-such'",
    "--pods 0": "--pods",
    "--pods 99999999999": "--pods",
    "--clusters 3": "belong to --fleet",
    "--reports-claim x": "belong to --fleet",
    "--fleet": "--fleet needs",
    "--fleet --clusters 2": "--fleet needs",
    "--fleet --clusters 0 --reports-claim r": "out of range",
    "--fleet --clusters 1001 --reports-claim r": "out of range",
    "--fleet --clusters a,a --reports-claim r": "a name twice",
    "--fleet --clusters a,,b --reports-claim r": "an empty name",
    "--fleet --clusters a,.. --reports-claim r": ".. cannot be a key",
    "--fleet --clusters a/b --reports-claim r": "a/b cannot be a key",
    "--fleet --clusters 2 --reports-claim R": "--reports-claim R",
    "--fleet --clusters 2 --reports-claim r --control-plane": "reads the node",
    "--fleet --clusters 2 --reports-claim r --no-secrets": "those of a fleet lie in the other clusters",
    "--fleet --clusters 2 --reports-claim r --cluster-name x": "about one cluster",
    "--fleet --clusters 2 --reports-claim r --metrics pushgateway=http://x/metrics/job/a": "replace each other's",
    "--policy /nowhere.yaml": "/nowhere.yaml",
    "-o /no/such/place.yaml": "/no/such is not a directory",
}


@pytest.mark.parametrize(("given", "message"), WRONG.items(), ids=WRONG)
def test_what_is_refused(capsysbinary: pytest.CaptureFixture[bytes], given: str, message: str) -> None:
    assert run(["install", *given.split(" ")]) == 2
    out, err = capsysbinary.readouterr()
    assert out == b""
    assert message in err.decode()
    assert "hunter2" not in err.decode()
    assert len(err.decode().splitlines()) >= 2  # what is wrong, and what to do


@pytest.mark.parametrize("schedule", ["0 0 * * 7", "0 0 30 2 *", "@every 5m", "* * * * *; rm -rf"])
def test_schedules_that_kubernetes_would_refuse(capsys: pytest.CaptureFixture[str], schedule: str) -> None:
    assert run(["install", "--schedule", schedule]) == 2
    assert "--schedule" in capsys.readouterr().err


def test_a_dash_is_standard_output(
    tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(["install", "--image", IMAGE, "-o", "-"]) == 0
    assert b"kind: CronJob" in capsysbinary.readouterr().out
    assert list(tmp_path.iterdir()) == []


def test_into_a_file(tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    place = tmp_path / "all.yaml"
    assert run(["install", "--image", IMAGE, "-o", str(place)]) == 0
    assert capsysbinary.readouterr() == (b"", b"")
    assert run(["install", "--image", IMAGE]) == 0
    assert place.read_bytes() == capsysbinary.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "warning"),
    [
        ((), "stands for your own image: give --image"),
        (("--image", "registry.example.com/a:1"), "names a tag, which its owner can move"),
        (("--image", IMAGE), ""),
        (("--image", IMAGE, "--check", "image-user-root"), "image-user-root: without --registry"),
        (("--image", IMAGE, "--check", "image-user-root", "--registry"), ""),
        (("--image", IMAGE, "--metrics", "pushgateway=http://localhost:9091"), "that address is the pod itself"),
        (("--image", IMAGE, "--metrics", "pushgateway=http://[::1]:9091"), "that address is the pod itself"),
    ],
)
def test_warnings(capsysbinary: pytest.CaptureFixture[bytes], arguments: tuple[str, ...], warning: str) -> None:
    assert run(["install", *arguments]) == 0
    out, err = capsysbinary.readouterr()
    assert warning in err.decode()
    assert bool(err) == bool(warning)
    assert (b"# Put the digest" in out) == (IMAGE not in arguments)


NAMING = """\
version: 1
signatures:
  - {images: [registry.example.com], keys: [./keys/cosign.pub]}
vulnerabilities: {kev: kev.bin}
"""
EXPLOITED = b'{"vulnerabilities": [{"cveID": "CVE-2026-1001"}]}'


def public_key() -> bytes:
    key = ec.generate_private_key(ec.SECP256R1()).public_key()
    return key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


@pytest.mark.parametrize(
    ("arguments", "warned"),
    [
        ((), True),
        (("--registry",), False),
        (("--check", "unpinned-image"), False),  # which asks nobody about signatures
    ],
)
def test_signatures_that_nobody_would_look_at(
    tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes], arguments: tuple[str, ...], warned: bool
) -> None:
    path = tmp_path / "ours.yaml"
    path.write_text(NAMING.partition("vulnerabilities")[0].replace("./keys/", ""))
    (tmp_path / "cosign.pub").write_bytes(public_key())
    assert run(["install", "--image", IMAGE, "--policy", str(path), *arguments]) == 0
    assert (b"nobody looks at a signature" in capsysbinary.readouterr().err) == warned


def test_files_that_a_policy_names_come_along(tmp_path: Path) -> None:
    """What the volume would lay out is a policy that can be read where it lies."""
    path, key = tmp_path / "ours.yaml", public_key()
    path.write_text(NAMING)
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys/cosign.pub").write_bytes(key)
    (tmp_path / "kev.bin").write_bytes(packed := gzip.compress(EXPLOITED))
    objects = printed(("--policy", str(path), "--registry"), tmp_path, policy=False)
    config = one(objects, "ConfigMap")
    held = {name: text.encode() for name, text in config["data"].items()}
    held |= {name: base64.b64decode(text) for name, text in config["binaryData"].items()}
    (volume,) = (volume["configMap"] for volume in pod(objects)["volumes"] if volume["name"] == "policy")
    for item in volume["items"]:
        place = tmp_path / "mounted" / item["path"]
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(held[item["key"]])
    read = read_policy(str(tmp_path / "mounted/policy.yaml"))
    assert read.files == {"./keys/cosign.pub": key, "kev.bin": packed}
    annotations = config["metadata"]["annotations"]
    assert annotations == job(objects)["template"]["metadata"]["annotations"]
    (tmp_path / "kev.bin").write_bytes(gzip.compress(EXPLOITED.replace(b"1001", b"1002")))
    changed = one(printed(("--policy", str(path), "--registry"), tmp_path, policy=False), "ConfigMap")["metadata"][
        "annotations"
    ]
    assert {name for name in annotations if annotations[name] != changed[name]} == {"auditor.dev/policy-files-sha256"}


@pytest.mark.parametrize("name", ["../kev.json", "{folder}/kev.json"])
def test_files_that_lie_elsewhere_are_refused(
    tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes], name: str
) -> None:
    (tmp_path / "kev.json").write_bytes(EXPLOITED)
    path = tmp_path / "own/policy.yaml"
    path.parent.mkdir()
    path.write_text(f"version: 1\nvulnerabilities: {{kev: {name.format(folder=tmp_path)}}}\n")
    assert run(["install", "--image", IMAGE, "--policy", str(path)]) == 2
    assert b"outside the policy's folder" in capsysbinary.readouterr().err


def test_files_that_no_config_map_holds_are_refused(tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    path = tmp_path / "policy.yaml"
    path.write_text("version: 1\nvulnerabilities: {epss: epss.csv}\n")
    (tmp_path / "epss.csv").write_bytes(b"cve,epss\n" + b"CVE-2026-1001,0.5\n" * (1 << 16))
    assert run(["install", "--image", IMAGE, "--policy", str(path)]) == 2
    assert b"a ConfigMap holds 1,048,576" in capsysbinary.readouterr().err


def test_a_policy_through_a_pipe(tmp_path: Path) -> None:
    read, write = os.pipe()
    os.write(write, POLICY.encode())
    os.close(write)
    objects = printed(("--policy", f"/dev/fd/{read}"), tmp_path, policy=False)
    os.close(read)
    assert one(objects, "ConfigMap")["data"] == {"policy.yaml": POLICY}


def test_a_large_policy_is_told(tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    path = tmp_path / "policy.yaml"
    path.write_text(POLICY + "# long\n" * 40_000)
    assert run(["install", "--image", IMAGE, "--policy", str(path)]) == 0
    assert b"--server-side" in capsysbinary.readouterr().err


@pytest.mark.parametrize("text", [POLICY.replace("\n", "\r\n"), "# \u202eé\t\nversion: 1\n", "version: 1"])
def test_a_policy_arrives_as_it_is(tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes], text: str) -> None:
    path = tmp_path / "policy.yaml"
    path.write_bytes(text.encode())
    assert run(["install", "--image", IMAGE, "--policy", str(path)]) == 0
    out = capsysbinary.readouterr().out.decode()
    (config,) = (item for item in yaml.safe_load_all(out) if item["kind"] == "ConfigMap")
    assert config["data"] == {"policy.yaml": text}
    assert "\u202e" not in out


def test_a_policy_that_is_not_utf8(tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    path = tmp_path / "policy.yaml"
    path.write_bytes("version: 1\n".encode("utf-16"))
    assert run(["install", "--image", IMAGE, "--policy", str(path)]) == 2
    assert b"UTF-8" in capsysbinary.readouterr().err


def test_the_documented_manifests_are_what_is_printed(tmp_path: Path) -> None:
    folder = ROOT / "docs/in-cluster"
    written = [
        item
        for name in ("cronjob.yaml", "clusterrole.yaml")
        for item in yaml.safe_load_all((folder / name).read_text())
    ]
    (config,) = (item for item in written if item["kind"] == "ConfigMap")
    path = tmp_path / "example.yaml"
    path.write_text(config["data"]["policy.yaml"])
    zeros = f"{IMAGE.partition('@')[0]}@sha256:{'0' * 64}"
    made = printed(("--image", zeros, "--policy", str(path)), tmp_path, policy=False)
    assert sorted(written, key=str) == sorted(made, key=str)
