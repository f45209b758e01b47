"""`armadillo token`: a token of the form asked for, from the secret that was meant."""

from __future__ import annotations

import datetime
import time
from pathlib import Path

import pytest

from armadillo.auth import AuthProvider

from .running import Call

SECRET = "0123456789abcdef" * 4


@pytest.fixture
def jwt(place: Path) -> str:
    (place / "jwt").write_text(SECRET + "\n")
    (place / "jwt").chmod(0o600)
    return "jwt"


def test_the_superusers_form_is_what_servers_use(call: Call, jwt: str) -> None:
    ended = call("token", "--jwt-secret-file", jwt)
    assert (ended.code, ended.err) == (0, "")
    claims = AuthProvider(SECRET).verify(ended.out.strip(), kind="superuser")
    assert (claims["iss"], claims["server_id"], claims["exp"] - claims["iat"]) == ("arangodb", "armadillo", 3600)
    assert "preferred_username" not in claims
    claims = AuthProvider(SECRET).verify(call("token", "--jwt-secret-file", jwt, "--server-id", "me").out.strip())
    assert claims["server_id"] == "me"


def test_a_users_form_names_the_user(call: Call, jwt: str) -> None:
    token = call("token", "--user", "ann", "--ttl", "90s", "--jwt-secret-file", jwt).out.strip()
    claims = AuthProvider(SECRET).verify(token, kind="user")
    assert (claims["preferred_username"], claims["exp"] - claims["iat"]) == ("ann", 90)
    assert abs(claims["exp"] - time.time() - 90) < 60


def test_programs_get_header_claims_and_end(call: Call, jwt: str) -> None:
    data = call("token", "--jwt-secret-file", jwt, "--json").json
    assert data["schema"] == "armadillo.token/v1"
    assert data["header"] == {"Authorization": f"Bearer {data['token']}"}
    assert AuthProvider(SECRET).verify(data["token"]) == data["claims"]
    assert datetime.datetime.fromisoformat(data["expires"]).timestamp() == data["claims"]["exp"]
    assert data["expires"].endswith("Z")


@pytest.mark.parametrize("words", [["lab"], ["--name", "lab"], ["lab", "-n", "lab"]])
def test_the_secret_is_the_deployments_own(
    words: list[str], call: Call, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for state, environ in ((place / "state", str(place / "state")), (place / ".local" / "state", "")):
        monkeypatch.setenv("XDG_STATE_HOME", environ)
        secret = state / "armadillo" / "lab" / "jwt"
        secret.parent.mkdir(parents=True)
        secret.write_text(SECRET)
        secret.chmod(0o600)
        AuthProvider(SECRET).verify(call("token", *words).out.strip())
        secret.unlink()
        ended = call("token", *words)
        assert (ended.code, ended.out) == (2, "")
        assert "no JWT secret of a deployment 'lab' is known here" in ended.err


def test_the_name_and_the_file_may_be_configured(call: Call, jwt: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARMADILLO_NAME", "configured")
    assert "'configured'" in call("token").err
    assert "'said'" in call("token", "said").err
    monkeypatch.setenv("ARMADILLO_JWT_SECRET_FILE", jwt)
    assert call("token").code == 0


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (["--ttl", "0"], 2, "leaves no time at all"),
        (["--ttl", "none"], 2, "a token has to end"),
        (["--ttl", "soon"], 2, "soon"),
        (["--user", ""], 2, "'' is no user"),
        (["--server-id", ""], 2, "'' is no server_id"),
        (["--user", "ann", "--server-id", "x"], 2, "give --user or --server-id"),
        (["one", "--name", "two"], 2, "'one' and --name two name two deployments"),
        (["--jwt-secret-file", "none"], 2, "no secret file none"),
        (["--jwt-secret-file", "."], 2, ". is no secret file: Is a directory"),
        (["--jwt-secret-file", "empty"], 2, "the secret (file empty) is empty"),
        (["--jwt-secret-file", "long"], 2, "has 65 bytes, ArangoDB takes 64 at most"),
    ],
)
def test_what_makes_no_token_is_told(
    words: list[str], code: int, says: str, call: Call, jwt: str, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ARMADILLO_JWT_SECRET_FILE", jwt)
    for name, text in (("empty", " \n"), ("long", "x" * 65)):
        (place / name).write_text(text)
        (place / name).chmod(0o600)
    ended = call("token", *words)
    assert (ended.code, ended.out) == (code, "")
    assert says in ended.err
    assert "Traceback" not in ended.err


@pytest.mark.parametrize("name", ["../../x", "/etc", "a/../../b"])
def test_a_name_leads_nowhere_else(name: str, call: Call) -> None:
    ended = call("token", name)
    assert ended.code == 2
    assert "is no path below" in ended.err


def test_a_secret_that_everybody_can_read_is_a_warning(call: Call, jwt: str, place: Path) -> None:
    (place / jwt).chmod(0o644)
    ended = call("token", "--jwt-secret-file", jwt)
    assert ended.code == 0
    assert "auth.secret.exposed" in ended.err
    assert "chmod 600 jwt" in ended.err
    assert SECRET not in ended.err + ended.out
