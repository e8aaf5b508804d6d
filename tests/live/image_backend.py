"""A backend for ImagePolicyWebhook on loopback, and the files that an API server needs to ask it."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any

import yaml


class Backend:
    """Answers ImageReviews until its `with` block ends: it denies images outside `allowed`, or all if `broken`.

    `reviewed` are the images that it was asked about.
    """

    def __init__(self, allowed: str) -> None:
        self.allowed = allowed
        self.broken = False
        self.reviewed: list[str] = []
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self.url = f"http://127.0.0.1:{self._http.server_address[1]}/review"

    def __enter__(self) -> Backend:
        threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._http.shutdown()
        self._http.server_close()

    def answer(self, review: dict[str, Any]) -> dict[str, Any]:
        images = [container["image"] for container in review["spec"].get("containers", ())]
        self.reviewed += images
        refused = [image for image in images if not image.startswith(self.allowed)]
        status = {"allowed": not refused, "reason": f"not from {self.allowed}: {', '.join(refused)}" if refused else ""}
        return {"kind": "ImageReview", "apiVersion": "imagepolicy.k8s.io/v1alpha1", "status": status}


def _handler(backend: Backend) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            pass

        def do_POST(self) -> None:
            review = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            body = json.dumps({} if backend.broken else backend.answer(review)).encode()
            self.send_response(404 if backend.broken else 200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    return Handler


def configured(folder: Path, url: str, *, default_allow: bool) -> tuple[str, ...]:
    """Writes the configuration for a backend; the flags that switch it on. No answer is kept for later requests."""
    kubeconfig, config = folder / "backend.yaml", folder / "admission.yaml"
    kubeconfig.write_text(
        yaml.safe_dump(
            {
                "apiVersion": "v1",
                "kind": "Config",
                "current-context": "backend",
                "contexts": [{"name": "backend", "context": {"cluster": "backend", "user": "apiserver"}}],
                "clusters": [{"name": "backend", "cluster": {"server": url}}],
                "users": [{"name": "apiserver", "user": {}}],
            }
        )
    )
    settings = {
        "kubeConfigFile": str(kubeconfig),
        "allowTTL": -1,
        "denyTTL": -1,
        "retryBackoff": 1,
        "defaultAllow": default_allow,
    }
    plugin = {"name": "ImagePolicyWebhook", "configuration": {"imagePolicy": settings}}
    document = {"apiVersion": "apiserver.config.k8s.io/v1", "kind": "AdmissionConfiguration", "plugins": [plugin]}
    config.write_text(yaml.safe_dump(document))
    return "--enable-admission-plugins=ImagePolicyWebhook", f"--admission-control-config-file={config}"


def mirror_pod(folder: Path, flags: tuple[str, ...], image: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """The pod that shows an API server with these flags and files in a `folder`, and its status as a merge patch."""
    container = {
        "name": "kube-apiserver",
        "image": image,
        "command": ["kube-apiserver", *flags],
        "volumeMounts": [{"name": "files", "mountPath": str(folder), "readOnly": True}],
    }
    spec = {
        "containers": [container],
        "hostNetwork": True,
        "nodeName": "nowhere",
        "volumes": [{"name": "files", "hostPath": {"path": str(folder)}}],
    }
    metadata = {
        "name": "kube-apiserver-nowhere",
        "namespace": "kube-system",
        "labels": {"component": "kube-apiserver", "tier": "control-plane"},
    }
    state = {"running": {"startedAt": "2026-01-01T00:00:00Z"}}
    told = {"name": "kube-apiserver", "ready": True, "restartCount": 0, "image": image, "imageID": "", "state": state}
    return {"metadata": metadata, "spec": spec}, {"status": {"phase": "Running", "containerStatuses": [told]}}
