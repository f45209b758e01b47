"""A registry of one image, on loopback: it serves it, denies it, does not know it, stalls, or says nothing at all."""

from __future__ import annotations

import hashlib
import http.server
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from armadillo.engine import interpreter, rootfs
from armadillo.engine.rootfs import Entry

NAME = "arangodb/arangodb"
TAG = "3.12.5"


def sha256(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


class Registry(http.server.ThreadingHTTPServer):
    """The image is one file; `mood` is served, denied, absent, stalled or silent."""

    daemon_threads = True

    def __init__(self, mark: str) -> None:
        super().__init__(("127.0.0.1", 0), Answer)
        self.mood = "served"
        self.over = threading.Event()
        layer = rootfs.tar([Entry("mark", 0o644, mark.encode())])
        config = json.dumps(
            {
                "architecture": rootfs.architecture(interpreter.running().machine),
                "os": "linux",
                "config": {"Env": ["ARANGO_VERSION=3.12.5"]},
                "rootfs": {"type": "layers", "diff_ids": [sha256(layer)]},
            }
        ).encode()
        self.blobs = {sha256(data): data for data in (layer, config)}
        kind = "application/vnd.docker"
        self.manifest: dict[str, Any] = {
            "schemaVersion": 2,
            "mediaType": f"{kind}.distribution.manifest.v2+json",
            "config": {"mediaType": f"{kind}.container.image.v1+json", "size": len(config), "digest": sha256(config)},
            "layers": [{"mediaType": f"{kind}.image.rootfs.diff.tar", "size": len(layer), "digest": sha256(layer)}],
        }

    @property
    def reference(self) -> str:
        return f"127.0.0.1:{self.server_address[1]}/{NAME}:{TAG}"

    @property
    def digest(self) -> str:
        return sha256(json.dumps(self.manifest).encode())


class Answer(http.server.BaseHTTPRequestHandler):
    server: Registry

    def do_GET(self) -> None:
        if self.server.mood == "silent":
            self.server.over.wait(30)
        if self.server.mood == "denied":
            return self.say(401, b'{"errors": [{"code": "DENIED", "message": "requested access is denied"}]}')
        if self.path == "/v2/":
            return self.say(200, b"{}")
        if self.server.mood == "stalled" and "/blobs/" in self.path:
            self.server.over.wait(30)
        if "/manifests/" in self.path and self.server.mood in ("served", "stalled"):
            return self.say(200, json.dumps(self.server.manifest).encode(), self.server.manifest["mediaType"])
        if blob := self.server.blobs.get(self.path.rpartition("/")[2]):
            return self.say(200, blob, "application/octet-stream")
        return self.say(404, b'{"errors": [{"code": "MANIFEST_UNKNOWN", "message": "manifest unknown"}]}')

    def do_HEAD(self) -> None:
        self.do_GET()

    def say(self, status: int, body: bytes, kind: str = "application/json") -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Docker-Distribution-Api-Version", "registry/2.0")
        self.send_header("Docker-Content-Digest", sha256(body))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing."""


@contextmanager
def serving(mark: str) -> Iterator[Registry]:
    """Run a registry whose image differs from every other by its mark."""
    with Registry(mark) as registry:
        thread = threading.Thread(target=registry.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield registry
        finally:
            registry.over.set()
            registry.shutdown()
            thread.join()
