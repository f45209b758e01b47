from __future__ import annotations

import hashlib
import json
import os
import socket
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from armadillo.engine import endpoint
from armadillo.engine.endpoint import Endpoint, locate
from armadillo.errors import ConfigurationError, EnvironmentUnusable, NotFoundError


@pytest.fixture(autouse=True)
def no_default(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Let a machine's own engine be none of the tests' business."""
    monkeypatch.setattr(endpoint, "DEFAULT_SOCKET", tmp_path / "default.sock")
    found = endpoint.sockets

    def ours(environ: Mapping[str, str]) -> Iterator[tuple[Path, str]]:
        return ((path, origin) for path, origin in found(environ) if path.is_relative_to(tmp_path))

    monkeypatch.setattr(endpoint, "sockets", ours)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home with two contexts, of which one is secured and neither is the current one."""
    for name, tls in (("plain", False), ("secured", True)):
        digest = hashlib.sha256(name.encode()).hexdigest()
        meta = tmp_path / ".docker" / "contexts" / "meta" / digest
        meta.mkdir(parents=True)
        (meta / "meta.json").write_text(json.dumps({"Endpoints": {"docker": {"Host": f"tcp://{name}:2376"}}}))
        if tls:
            (tmp_path / ".docker" / "contexts" / "tls" / digest / "docker").mkdir(parents=True)
    return tmp_path


def use(home: Path, context: str) -> None:
    (home / ".docker" / "config.json").write_text(json.dumps({"currentContext": context}))


def listening(path: Path) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    with socket.socket(socket.AF_UNIX) as one:
        one.bind(str(path))
    return f"unix://{path}"


def test_the_flag_comes_before_everything(home: Path) -> None:
    use(home, "plain")
    found = locate("tcp://flag:1", "secured", environ={"DOCKER_HOST": "tcp://other:1"}, home=home)
    assert (found.url, found.origin, found.certificates) == ("tcp://flag:1", "--docker-host", "")


def test_a_context_that_was_named_comes_before_the_environment(home: Path) -> None:
    found = locate(None, "secured", environ={"DOCKER_HOST": "tcp://other:1"}, home=home)
    assert (found.url, found.origin) == ("tcp://secured:2376", "--context secured")
    assert found.certificates.endswith("/docker")


def test_the_environment_comes_before_the_current_context(home: Path) -> None:
    use(home, "plain")
    assert locate(environ={"DOCKER_HOST": "tcp://other:1"}, home=home).url == "tcp://other:1"
    assert locate(environ={"DOCKER_CONTEXT": "secured"}, home=home).url == "tcp://secured:2376"
    assert locate(environ={}, home=home).url == "tcp://plain:2376"


def test_default_is_the_socket_however_it_is_said(home: Path) -> None:
    url = listening(endpoint.DEFAULT_SOCKET)
    use(home, "default")
    assert locate(environ={}, home=home).url == url
    assert locate(environ={"DOCKER_CONTEXT": "default"}, home=home).url == url
    use(home, "plain")
    assert locate(None, "default", environ={"DOCKER_HOST": "tcp://other:1"}, home=home).url == url


def test_sockets_are_tried_in_order_and_those_that_may_be_used_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    environ = {"XDG_RUNTIME_DIR": str(tmp_path / "run")}
    podman = listening(tmp_path / "run" / "podman" / "podman.sock")
    assert locate(environ=environ, home=tmp_path) == Endpoint(podman, "Podman socket")
    rootless = listening(tmp_path / "run" / "docker.sock")
    assert locate(environ=environ, home=tmp_path) == Endpoint(rootless, "rootless socket")
    default = listening(endpoint.DEFAULT_SOCKET)
    assert locate(environ=environ, home=tmp_path).url == default
    monkeypatch.setattr(os, "access", lambda path, mode: path != endpoint.DEFAULT_SOCKET)
    assert locate(environ=environ, home=tmp_path).url == rootless
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    assert locate(environ=environ, home=tmp_path).url == default


def test_without_any_engine_it_says_how_to_name_one(tmp_path: Path) -> None:
    with pytest.raises(EnvironmentUnusable, match="no Docker engine") as told:
        locate(environ={}, home=tmp_path)
    assert "DOCKER_HOST" in told.value.hint


@pytest.mark.parametrize("text", [None, "no JSON", "[]", '{"Endpoints": {}}', '{"Endpoints": []}'])
def test_a_context_that_says_nothing_is_none(text: str | None, tmp_path: Path) -> None:
    meta = tmp_path / ".docker" / "contexts" / "meta" / hashlib.sha256(b"broken").hexdigest()
    meta.mkdir(parents=True)
    if text is not None:
        (meta / "meta.json").write_text(text)
    with pytest.raises(NotFoundError, match="no docker context 'broken'"):
        locate(None, "broken", environ={}, home=tmp_path)


@pytest.mark.parametrize("text", ["no JSON", "[]", "{}"])
def test_a_configuration_that_says_nothing_is_passed_over(text: str, home: Path) -> None:
    url = listening(endpoint.DEFAULT_SOCKET)
    (home / ".docker" / "config.json").write_text(text)
    assert locate(environ={}, home=home).url == url


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({}, ""),
        ({"DOCKER_CERT_PATH": "/certs"}, ""),
        ({"DOCKER_TLS_VERIFY": "1", "DOCKER_CERT_PATH": "/certs"}, "/certs"),
        ({"DOCKER_TLS_VERIFY": "1", "DOCKER_CONFIG": "/config"}, "/config"),
    ],
)
def test_certificates_are_where_docker_looks_for_them(environ: dict[str, str], expected: str, tmp_path: Path) -> None:
    assert locate("tcp://x:2376", environ=environ, home=tmp_path).certificates == expected


@pytest.mark.parametrize(
    ("url", "local", "host"),
    [
        ("unix:///run/docker.sock", True, "127.0.0.1"),
        ("http+unix:///run/docker.sock", True, "127.0.0.1"),
        ("tcp://127.0.0.1:2375", False, "127.0.0.1"),
        ("tcp://far.example:2376", False, "far.example"),
        ("https://far.example", False, "far.example"),
    ],
)
def test_an_endpoint_knows_where_its_ports_are(url: str, local: bool, host: str) -> None:
    found = Endpoint(url, "a test")
    assert (found.local, found.host) == (local, host)


def test_who_knows_better_where_ports_are_is_believed() -> None:
    environ = {"TESTCONTAINERS_HOST_OVERRIDE": "docker", "HOME": "/nowhere"}
    assert locate("tcp://far.example:2375", environ=environ).host == "docker"


@pytest.mark.parametrize("url", ["ssh://me@far.example", "npipe:////./pipe/docker", "no url"])
def test_an_endpoint_that_nobody_speaks_to_is_refused_with_another_way(url: str) -> None:
    with pytest.raises(ConfigurationError, match="cannot be spoken to") as told:
        Endpoint(url, "DOCKER_HOST")
    assert "ssh -NL" in told.value.hint
