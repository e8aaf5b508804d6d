"""The kubeconfig's exec plugin: run through the kubernetes client, and never passed over in silence when it fails."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from auditor.errors import SourceError
from auditor.escape import escape
from auditor.sources.kubeconfig import Entry

_TOKEN_LIKE = re.compile(r"eyJ[\w\-.=]+|[\w\-+=]{16,}", re.ASCII)  # a JWT; anything long
_REST = 10.0


Aside = Callable[[str], AbstractContextManager[None]]
"""Entered while a plugin (its command is the argument) may talk with the user."""


def loader(document: dict[str, Any], aside: Aside | None = None) -> Any:
    """The client's KubeConfigLoader, save that a failing exec plugin ends the scan; the client's own goes on without
    credentials. And of a plugin that gives both a token and a certificate, both are used, as in client-go."""
    from kubernetes.config.dateutil import parse_rfc3339
    from kubernetes.config.kube_config import FileOrData, KubeConfigLoader

    as_file: Any = FileOrData
    parse: Any = parse_rfc3339

    class Loader(KubeConfigLoader):
        _user: Any
        _ran = float("-inf")

        def _load_from_exec_plugin(self) -> bool | None:
            if "exec" not in self._user:
                return None
            # Credentials that live shorter than the client's safety margin must not mean a process for each request.
            if time.monotonic() - self._ran < _REST:
                return True
            plugin = self._user["exec"].value
            # The client hands the terminal to the plugin on the same condition (ExecProvider.run).
            with aside(str(plugin.get("command", ""))) if aside and sys.stdout.isatty() else nullcontext():
                status = _run(plugin, self._cluster)
            self._ran = time.monotonic()
            if status.get("token"):
                self.token = f"Bearer {status['token']}"
            if status.get("clientCertificateData"):
                for name, key in (("cert_file", "clientCertificateData"), ("key_file", "clientKeyData")):
                    setattr(self, name, as_file(status, None, data_key_name=key, base64_file_content=False).as_file())
            if status.get("expirationTimestamp"):
                self.expiry = parse(status["expirationTimestamp"])
            return True

    made: Any = Loader
    return made(document)


def _run(plugin: Entry, cluster: Any) -> Entry:
    """The status of the ExecCredential that the plugin prints (k8s.io/client-go/plugin/pkg/client/auth/exec)."""
    from kubernetes.config.config_exception import ConfigException
    from kubernetes.config.exec_provider import ExecProvider
    from kubernetes.config.kube_config import ConfigNode

    provider: Any = ExecProvider
    node: Any = ConfigNode
    try:
        status = provider(node("exec", plugin), None, cluster).run()
    except ConfigException as error:
        raise _failed(plugin, str(error).removeprefix("exec: ")) from None
    except OSError as error:
        raise _failed(plugin, error.strerror or type(error).__name__) from None
    except (subprocess.SubprocessError, AttributeError, KeyError, TypeError, ValueError) as error:
        # The message of these may quote what the plugin printed.
        raise _failed(plugin, f"its entry or its output cannot be used ({type(error).__name__})") from None
    if not isinstance(status, dict) or not (status.get("token") or status.get("clientCertificateData")):
        raise _failed(plugin, "it gave neither a token nor a client certificate")
    if status.get("clientCertificateData") and not status.get("clientKeyData"):
        raise _failed(plugin, "it gave a client certificate without its key")
    return status


def _failed(plugin: Entry, message: str) -> SourceError:
    name = plugin.get("command", "")
    for pair in plugin.get("env") or ():
        value = str(pair.get("value", "")) if isinstance(pair, dict) else ""
        if len(value) >= 4:
            message = message.replace(value, "…")
    hint = str(plugin.get("installHint") or f"Run {name} by hand and see what it says.")
    return SourceError(f"the kubeconfig's credential plugin {name} failed: {redact(message)}", hint)


def redact(message: str) -> str:
    """Without what looks like a token: long, and with digits in it."""
    plain = _TOKEN_LIKE.sub(lambda m: "…" if re.search(r"\d", m[0]) else m[0], " ".join(message.split()))
    return escape(plain)[:600]
