import pytest

from armadillo.engine.registry import Progress, refusal
from armadillo.errors import ArmadilloError, ConfigurationError, EnvironmentUnusable, NetworkError

WORDS: list[tuple[str, int, type[ArmadilloError]]] = [
    ('Get "https://registry.example/v2/": dial tcp: lookup registry.example: no such host', 500, NetworkError),
    ('Get "http://localhost:1/v2/": dial tcp 127.0.0.1:1: connect: connection refused', 500, NetworkError),
    ("net/http: request canceled (Client.Timeout exceeded while awaiting headers)", 500, NetworkError),
    ("net/http: TLS handshake timeout", 500, NetworkError),
    ('Get "https://x/v2/": EOF', 500, NetworkError),
    ("proxyconnect tcp: dial tcp 10.0.0.1:3128: i/o timeout", 500, NetworkError),
    ("received unexpected HTTP status: 503 Service Unavailable", 500, NetworkError),
    ("x509: certificate signed by unknown authority", 500, NetworkError),
    ("manifest for a/b:1 not found: manifest unknown: manifest unknown", 404, EnvironmentUnusable),
    ("pull access denied for a/b, repository does not exist or may require 'docker login'", 404, EnvironmentUnusable),
    ("unauthorized: authentication required", 500, EnvironmentUnusable),
    ("toomanyrequests: You have reached your pull rate limit.", 429, EnvironmentUnusable),
    ("no matching manifest for linux/s390x in the manifest list entries", 404, EnvironmentUnusable),
    ("invalid reference format", 400, ConfigurationError),
    ("something nobody has seen before", 500, EnvironmentUnusable),
]


@pytest.mark.parametrize(("words", "status", "kind"), WORDS)
def test_a_registry_that_says_no_is_not_one_that_is_out_of_reach(
    words: str, status: int, kind: type[ArmadilloError]
) -> None:
    told = refusal("a/b:1", words, status)
    assert type(told) is kind
    assert "a/b:1" in str(told)
    assert words in str(told)
    assert told.hint or kind is NetworkError


def test_progress_is_told_when_a_layer_is_done_and_not_in_between() -> None:
    lines: list[str] = []
    progress = Progress("pulling x", lines.append)
    for layer, status in [
        ("1.0", "Pulling from x"),
        ("a", "Pulling fs layer"),
        ("b", "Already exists"),
        ("a", "Downloading"),
        ("a", "Pull complete"),
        ("a", "Pull complete"),
        ("", "Status: Downloaded newer image for x"),
    ]:
        progress.see({"id": layer, "status": status})
    assert lines == ["pulling x: 1 of 2 layers", "pulling x: 2 of 2 layers"]
