"""Tokens are opened by hand too, so that what ArangoDB will see is seen here."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import logging
import os
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

import armadillo.utils.auth
from armadillo import auth
from armadillo.auth import AuthProvider, basic_auth_header, get_auth_provider, has_permission, provider_from_file
from armadillo.clock import FakeClock
from armadillo.errors import ArmadilloError, AuthError, ConfigurationError, EnvironmentUnusable, NotFoundError
from armadillo.wait import together

SECRET = "0123456789abcdef" * 4


def unpadded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def opened(part: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return content


def claims_of(token: str) -> dict[str, Any]:
    return opened(token.split(".")[1])


def handmade(payload: bytes, *, header: dict[str, Any] | None = None, secret: str = SECRET) -> str:
    """Make a token without the library, so that it may hold what that would not write."""
    head = json.dumps(header or {"alg": "HS256", "typ": "JWT"}).encode()
    signed = f"{unpadded(head)}.{unpadded(payload)}"
    return f"{signed}.{unpadded(hmac.digest(secret.encode(), signed.encode(), hashlib.sha256))}"


def claiming(**claims: Any) -> str:
    return handmade(json.dumps({"exp": time.time() + 100, **claims}).encode())


@pytest.fixture
def provider() -> AuthProvider:
    return AuthProvider(SECRET)


def test_a_token_expires_when_its_ttl_is_over(provider: AuthProvider) -> None:
    claims = claims_of(provider.issue_jwt(ttl=100, claims={"colour": "blue"}))
    assert abs(claims["exp"] - (time.time() + 100)) <= 2
    assert claims["exp"] - claims["iat"] == 100
    assert claims["colour"] == "blue"
    assert claims["iss"] == "arangodb"
    assert len({claims_of(provider.issue_jwt())["jti"] for _ in range(50)}) == 50


def test_a_token_verifies_until_it_expires() -> None:
    clock = FakeClock()
    provider = AuthProvider(SECRET, clock=clock)
    token = provider.issue_jwt(ttl=100)
    clock.sleep(99)
    assert provider.verify(token)["iss"] == "arangodb"
    clock.sleep(1)
    with pytest.raises(AuthError, match="expired 0 s ago"):
        provider.verify(token)


def test_a_token_can_be_made_that_has_expired(provider: AuthProvider) -> None:
    with pytest.raises(AuthError, match=r"expired 1[01] s ago"):
        provider.verify(provider.issue_jwt(ttl=-10))


@pytest.mark.parametrize("algorithm", ["HS256", "HS384", "HS512"])
def test_each_algorithm_of_the_list_signs_and_verifies(algorithm: str) -> None:
    provider = AuthProvider(SECRET, algorithm)
    token = provider.issue_jwt()
    assert opened(token.split(".")[0]) == {"alg": algorithm, "typ": "JWT"}
    assert provider.verify(token)


@pytest.mark.parametrize("algorithm", ["none", "None", "", "RS256", "ES256", "hs256"])
def test_other_algorithms_are_refused_from_the_start(algorithm: str) -> None:
    with pytest.raises(ConfigurationError, match="no tokens with algorithm"):
        AuthProvider(SECRET, algorithm)


@pytest.mark.parametrize("algorithm", ["none", "None", "NONE", "HS512", "RS256", None, 7])
def test_a_token_cannot_choose_its_algorithm(provider: AuthProvider, algorithm: object) -> None:
    payload = json.dumps({"exp": time.time() + 100}).encode()
    token = handmade(payload, header={"alg": algorithm, "typ": "JWT"})
    unsigned = token.rpartition(".")[0] + "."
    for form in (token, unsigned):
        with pytest.raises(AuthError):
            provider.verify(form)


def test_a_token_of_another_algorithm_of_the_list_is_refused(provider: AuthProvider) -> None:
    with pytest.raises(AuthError, match="not signed with HS256"):
        provider.verify(AuthProvider(SECRET, "HS512").issue_jwt())


def test_a_token_of_another_secret_is_refused(provider: AuthProvider) -> None:
    with pytest.raises(AuthError, match="another secret"):
        provider.verify(AuthProvider(SECRET[::-1]).issue_jwt())


def test_changed_claims_are_refused(provider: AuthProvider) -> None:
    head, _, signature = provider.issue_jwt().split(".")
    with pytest.raises(AuthError, match="another secret"):
        provider.verify(f"{head}.{unpadded(json.dumps({'exp': time.time() + 999}).encode())}.{signature}")


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "ü.b.c", "..", "\x00", handmade(b"[]"), handmade(b"no json")])
def test_what_is_no_token_is_refused(provider: AuthProvider, token: str) -> None:
    with pytest.raises(AuthError, match="this is no token"):
        provider.verify(token)


@pytest.mark.parametrize("expiry", ["NaN", "Infinity", "1e400", '"soon"', "null", "true", "[1]", "9" * 400])
def test_an_expiry_that_is_no_moment_is_refused(provider: AuthProvider, expiry: str) -> None:
    with pytest.raises(AuthError, match="does not say when it expires"):
        provider.verify(handmade(b'{"exp": %s}' % expiry.encode()))


def test_a_token_without_expiry_or_before_its_time_is_refused(provider: AuthProvider) -> None:
    with pytest.raises(AuthError, match="does not say when it expires"):
        provider.verify(handmade(b'{"iss": "arangodb"}'))
    with pytest.raises(AuthError, match="not valid before"):
        provider.verify(claiming(nbf=time.time() + 50))


def test_a_token_for_one_use_is_refused_the_second_time(provider: AuthProvider) -> None:
    token = provider.issue_jwt()
    provider.verify(token)
    provider.verify(token, once=True)
    with pytest.raises(AuthError, match="used before"):
        provider.verify(token, once=True)
    provider.verify(provider.issue_jwt(), once=True)
    with pytest.raises(AuthError, match="no jti"):
        provider.verify(claiming(), once=True)


def test_a_refused_token_is_not_used_up(provider: AuthProvider) -> None:
    token = provider.create_user_token("ada", ["read"])
    with pytest.raises(AuthError, match="does not permit"):
        provider.verify(token, permission="write", once=True)
    assert provider.verify(token, permission="read", once=True)


def test_our_own_claims_are_not_the_callers(provider: AuthProvider) -> None:
    for claims in ({"exp": 1}, {"iat": 1}, {"jti": "x"}):
        with pytest.raises(ConfigurationError, match="not yours to set"):
            provider.issue_jwt(claims=claims)
    with pytest.raises(ConfigurationError, match="no JSON"):
        provider.issue_jwt(claims={"when": timedelta(1)})
    with pytest.raises(ConfigurationError, match="lives inf"):
        provider.issue_jwt(ttl=float("inf"))


def test_the_superuser_form_is_arangodbs(provider: AuthProvider) -> None:
    claims = claims_of(provider.superuser_token("setup"))
    assert (claims["iss"], claims["server_id"]) == ("arangodb", "setup")
    assert "preferred_username" not in claims
    assert has_permission(provider.verify(provider.superuser_token(), kind="superuser"), "anything")


def test_the_user_form_is_arangodbs_and_carries_permissions(provider: AuthProvider) -> None:
    claims = provider.verify(provider.create_user_token("root", {"write", "read"}), kind="user", permission="read")
    assert (claims["iss"], claims["preferred_username"]) == ("arangodb", "root")
    assert "server_id" not in claims
    assert claims["permissions"] == ["read", "write"]
    assert has_permission({"permissions": ["*"]}, "anything")
    assert not has_permission({}, "read")


def test_cluster_headers_carry_what_verify_checks(provider: AuthProvider) -> None:
    header = provider.create_cluster_auth_headers("demo", "agent", ["read"])
    token = header["Authorization"].removeprefix("Bearer ")
    claims = provider.verify(token, kind="cluster", cluster="demo", role="agent", permission="read")
    assert claims["permissions"] == ["read"]
    checks: list[dict[str, Any]] = [
        {"kind": "user"},
        {"cluster": "other"},
        {"role": "coordinator"},
        {"permission": "write"},
    ]
    for wrong in checks:
        with pytest.raises(AuthError):
            provider.verify(token, **wrong)


@pytest.mark.parametrize(
    "claims",
    [
        {"kind": "emperor"},
        {"kind": ["user"]},
        {"kind": "cluster", "cluster": "demo"},
        {"kind": "cluster", "cluster": "demo", "role": 7},
        {"kind": "service"},
        {"kind": "user", "preferred_username": ""},
        {"kind": "user", "preferred_username": "ada", "permissions": "read"},
        {"permissions": [1]},
    ],
    ids=str,
)
def test_claims_we_would_not_issue_are_refused(provider: AuthProvider, claims: dict[str, Any]) -> None:
    with pytest.raises(AuthError):
        provider.verify(claiming(**claims))


def test_names_and_permissions_have_to_be_there(provider: AuthProvider) -> None:
    calls: list[Callable[[], object]] = [
        lambda: provider.create_user_token(""),
        lambda: provider.service_token(""),
        lambda: provider.superuser_token(""),
        lambda: provider.create_cluster_auth_headers("", "agent"),
        lambda: provider.create_cluster_auth_headers("demo", ""),
        lambda: provider.create_user_token("ada", "read"),
        lambda: provider.create_user_token("ada", [""]),
    ]
    for call in calls:
        with pytest.raises(ConfigurationError):
            call()


def test_a_service_has_one_token_until_that_nearly_expires() -> None:
    clock = FakeClock()
    provider = AuthProvider(SECRET, clock=clock)
    first = provider.service_token("agent", ["read"], ttl=100)
    clock.sleep(89)
    assert provider.service_token("agent", ["read"], ttl=100) == first
    assert provider.service_token("agent", ["write"], ttl=100) != first
    clock.sleep(2)
    second = provider.service_token("agent", ["read"], ttl=100)
    assert second != first
    clock.sleep(20)
    assert provider.verify(second, kind="service")["service"] == "agent"


def test_headers_are_bearer_and_basic(provider: AuthProvider) -> None:
    assert provider.authorization_header("abc") == {"Authorization": "Bearer abc"}
    fresh = provider.authorization_header()["Authorization"].removeprefix("Bearer ")
    assert provider.verify(fresh, kind="superuser")["server_id"] == "armadillo"
    assert basic_auth_header("root", "pä:ss") == {
        "Authorization": "Basic " + base64.b64encode("root:pä:ss".encode()).decode()
    }
    with pytest.raises(ConfigurationError, match="colon"):
        basic_auth_header("ro:ot", "x")


@pytest.mark.parametrize(("length", "warned"), [(1, True), (31, True), (32, False), (64, False)])
def test_a_short_secret_works_and_is_warned_about(length: int, warned: bool, caplog: pytest.LogCaptureFixture) -> None:
    provider = AuthProvider("s" * length)
    assert provider.verify(provider.issue_jwt())
    assert ("auth.secret.short" in caplog.text) == warned


@pytest.mark.parametrize(("secret", "text"), [("", "is empty"), ("s" * 65, "has 65 bytes"), ("ü" * 33, "has 66 bytes")])
def test_a_secret_arangodb_would_not_take_is_refused(secret: str, text: str) -> None:
    with pytest.raises(ConfigurationError, match=text):
        AuthProvider(secret)


def test_a_secret_is_never_shown(caplog: pytest.LogCaptureFixture) -> None:
    provider = AuthProvider("hush-this-is-it")
    with caplog.at_level(logging.INFO, logger="armadillo"):
        auth.log.info("auth.secret.short", said="the secret is hush-this-is-it")
    assert "hush" not in caplog.text + repr(provider)


def test_a_secret_file_is_read_as_arangodb_does(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "secret"
    path.write_text(f"  {SECRET}\n\n")
    path.chmod(0o600)
    provider = provider_from_file(path)
    assert provider.origin == f"file {path}"
    assert AuthProvider(SECRET).verify(provider.issue_jwt())
    assert caplog.text == ""
    path.chmod(0o644)
    provider_from_file(path)
    assert "auth.secret.exposed" in caplog.text
    assert SECRET not in caplog.text


@pytest.mark.parametrize(
    ("name", "kind", "text"),
    [
        ("missing", NotFoundError, "no secret file"),
        ("directory", ConfigurationError, "is no secret file"),
        ("blank", ConfigurationError, "is empty"),
    ],
)
def test_a_secret_file_that_holds_none_is_told(
    tmp_path: Path, name: str, kind: type[ArmadilloError], text: str
) -> None:
    (tmp_path / "directory").mkdir()
    (tmp_path / "blank").write_text("\n")
    with pytest.raises(kind, match=text) as told:
        provider_from_file(tmp_path / name)
    assert told.value.hint


def test_a_secret_file_of_somebody_else_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path) -> bytes:
        raise PermissionError(13, os.strerror(13))

    monkeypatch.setattr(Path, "read_bytes", refuse)
    with pytest.raises(EnvironmentUnusable, match="Permission denied"):
        provider_from_file(tmp_path / "secret")


def test_without_a_file_the_secret_is_random(caplog: pytest.LogCaptureFixture) -> None:
    one, other = provider_from_file(None), provider_from_file(None)
    assert one.origin == "random, for this process"
    with pytest.raises(AuthError):
        other.verify(one.issue_jwt())
    assert caplog.text == ""


def test_the_process_has_one_provider(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_text(SECRET)
    path.chmod(0o600)
    program = (
        "from armadillo.utils.auth import get_auth_provider as get; print(get() is get()); print(get().origin);"
        "print(get().issue_jwt())"
    )
    for environment, origin in (
        ({}, "random, for this process"),
        ({"ARMADILLO_JWT_SECRET_FILE": str(path)}, f"file {path}"),
    ):
        run = subprocess.run(
            [sys.executable, "-c", program], env=environment, cwd=tmp_path, capture_output=True, text=True, check=True
        )
        same, told, token = run.stdout.split("\n")[:3]
        assert (same, told) == ("True", origin)
    assert AuthProvider(SECRET).verify(token)


def test_threads_that_ask_at_once_get_the_same_provider(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(auth, "_provider", None)
    monkeypatch.delenv("ARMADILLO_JWT_SECRET_FILE", raising=False)
    assert len({id(provider) for provider in together("ask", [get_auth_provider] * 8)}) == 1


def test_the_old_address_has_the_public_names() -> None:
    for name in armadillo.utils.auth.__all__:
        assert getattr(armadillo.utils.auth, name) is getattr(auth, name)
    assert armadillo.utils.auth.get_auth_provider is get_auth_provider
