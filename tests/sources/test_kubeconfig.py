"""Kubeconfig files: found, merged, and a context chosen, as kubectl does."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
import yaml

from auditor.errors import SourceError
from auditor.sources.kubeconfig import choose, find, load


def write(path: Path, current: str = "", **entries: dict[str, Any]) -> Path:
    """`name={"server": …, "user": {…}}`: a context, cluster and user of that name."""
    document: dict[str, Any] = {"kind": "Config", "clusters": [], "contexts": [], "users": []}
    if current:
        document["current-context"] = current
    for name, entry in entries.items():
        rest = {key: value for key, value in entry.items() if key != "user"}
        document["clusters"].append({"name": name, "cluster": rest})
        document["contexts"].append({"name": name, "context": {"cluster": name, "user": name}})
        document["users"].append({"name": name, "user": entry.get("user", {})})
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump(document))
    return path


def test_order_of_places(tmp_path: Path) -> None:
    home = write(tmp_path / ".kube" / "config")
    asked, one, two = (write(tmp_path / name) for name in ("asked", "one", "two"))
    environ = {"HOME": str(tmp_path)}
    assert find(None, environ) == [home]
    assert find(None, {**environ, "KUBECONFIG": ""}) == [home]
    listed = {**environ, "KUBECONFIG": os.pathsep.join([str(one), "", str(tmp_path / "gone"), str(two), str(one)])}
    assert find(None, listed) == [one, two]
    assert find(None, {**environ, "KUBECONFIG": "~/two"}) == [two]
    assert find(str(asked), listed) == [asked]
    assert find(None, {**environ, "KUBECONFIG": str(tmp_path / "gone")}) == []
    with pytest.raises(SourceError, match="gone: there is no such file"):
        find(str(tmp_path / "gone"), environ)


def test_the_first_file_wins_names_and_current_context(tmp_path: Path) -> None:
    first = write(tmp_path / "1", "b", a={"server": "https://a1"}, shared={"server": "https://s1"})
    second = write(tmp_path / "2", "a", b={"server": "https://b2"}, shared={"server": "https://s2", "proxy-url": "x"})
    config = load([first, second])
    assert config.current == "b"
    assert choose(config).cluster == {"server": "https://b2"}
    assert choose(config, "shared").cluster == {"server": "https://s1"}
    assert load([second, first]).current == "a"


def test_a_file_without_current_context_leaves_it_to_the_next(tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.write_text("")
    first = write(tmp_path / "1", "", a={"server": "https://a"})
    second = write(tmp_path / "2", "a")
    target = choose(load([empty, first, second]))
    assert (target.context, target.name) == ("a", "a")


def test_paths_start_at_the_file_that_names_them(tmp_path: Path) -> None:
    user = {"client-certificate": "c.crt", "client-key": "/abs/c.key", "tokenFile": "../t", "exec": {"command": "./p"}}
    first = write(tmp_path / "x" / "1", "a", a={"server": "https://a", "certificate-authority": "ca.crt"})
    second = write(tmp_path / "y" / "2", "b", b={"server": "https://b", "user": user})
    config = load([first, second])
    assert config.clusters["a"]["certificate-authority"] == str(tmp_path / "x" / "ca.crt")
    held = config.users["b"]
    assert held["client-certificate"] == str(tmp_path / "y" / "c.crt")
    assert held["client-key"] == "/abs/c.key"
    assert held["tokenFile"] == str(tmp_path / "t")
    assert held["exec"]["command"] == str(tmp_path / "y" / "p")


def test_a_command_without_a_folder_is_looked_up_in_path(tmp_path: Path) -> None:
    path = write(tmp_path / "1", "a", a={"server": "https://a", "user": {"exec": {"command": "aws"}}})
    assert load([path]).users["a"]["exec"]["command"] == "aws"


def test_empty_values_count_as_not_set(tmp_path: Path) -> None:
    user = {"token": "", "client-certificate-data": None, "client-certificate": "c.crt"}
    path = write(tmp_path / "1", "a", a={"server": "https://a", "user": user})
    assert set(load([path]).users["a"]) == {"client-certificate"}


@pytest.mark.parametrize("context", ["c", None])
def test_a_context_that_is_not_there_names_those_that_are(tmp_path: Path, context: str | None) -> None:
    path = write(tmp_path / "1", "" if context is None else "gone", b={"server": "x"}, a={"server": "y"})
    with pytest.raises(SourceError, match=r"no context 'c'|no current-context is set") as caught:
        choose(load([path]), context)
    assert "there are: a, b" in caught.value.advice


@pytest.mark.parametrize(("section", "message"), [("clusters", "names cluster 'a'"), ("users", "names user 'a'")])
def test_a_context_that_names_what_is_not_there(tmp_path: Path, section: str, message: str) -> None:
    path = write(tmp_path / "1", "a", a={"server": "x"})
    document = yaml.safe_load(path.read_text())
    document[section] = []
    path.write_text(yaml.safe_dump(document))
    with pytest.raises(SourceError, match=message):
        choose(load([path]))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("users:\n- name: a\n  user: {token: 'hunter2-secret\n", r"1:\d+:\d+: this is not YAML"),
        ("users: *hunter2-secret", "not YAML"),
        ("a: b: hunter2-secret", r"1:1:5: this is not YAML"),
        ("hunter2-secret", "not a kubeconfig"),
        ("[hunter2-secret]", "not a kubeconfig"),
        ("kind: Pod", "not a kubeconfig"),
        ("users: {a: hunter2-secret}", "users is not a list"),
        ("users: [hunter2-secret]", r"users\[0\] is not a name with a user"),
        ("users: [{name: a, user: hunter2-secret}]", r"users\[0\] is not a name with a user"),
        ("clusters: [{cluster: {server: hunter2-secret}}]", r"clusters\[0\] is not a name with a cluster"),
        ("\x00hunter2-secret", "not YAML"),
    ],
)
def test_broken_files_are_named_and_not_quoted(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "1"
    path.write_text(text)
    with pytest.raises(SourceError, match=message) as caught:
        load([path])
    assert str(path) in str(caught.value)
    assert "hunter2" not in str(caught.value) + caught.value.advice


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="cannot be read: Is a directory"):
        load([tmp_path])


def test_what_holds_secrets_does_not_show_them(tmp_path: Path) -> None:
    path = write(tmp_path / "1", "a", a={"server": "https://a", "user": {"token": "hunter2-secret"}})
    config = load([path])
    assert "hunter2" not in repr(config) + repr(choose(config)) + str(choose(config))


def test_json_and_a_byte_order_mark_are_yaml(tmp_path: Path) -> None:
    path = tmp_path / "1"
    path.write_bytes(b'\xef\xbb\xbf{"current-context": "a", "contexts": [], "clusters": null}')
    assert load([path]).current == "a"
