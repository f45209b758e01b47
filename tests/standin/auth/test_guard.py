"""Credentials become identities, identities levels."""

from __future__ import annotations

import base64
import time
from pathlib import Path
from typing import Any

import pytest
from arangod.auth import jwt, password
from arangod.auth.guard import NONE, READ, WRITE, Guard, Identity
from arangod.auth.secrets import secrets_from
from arangod.failure import ArangoError, Exit

SECRET = b"secret"
READER = {
    **password.user_document("reader", "r"),
    "databases": {"*": {"permissions": {}}, "shop": {"permissions": {"read": True}}},
}
GONE = {
    **password.user_document("gone", "g"),
    "authData": {**password.user_document("gone", "g")["authData"], "active": False},
}
USERS: dict[str, dict[str, Any]] = {"root": password.user_document("root", "pw:1"), "reader": READER, "gone": GONE}
GUARD = Guard([SECRET], USERS.get)


def _basic(text: str) -> str:
    return "Basic " + base64.b64encode(text.encode()).decode()


def _bearer(**claims: Any) -> str:
    return "bearer " + jwt.issue(SECRET, {"iss": "arangodb", **claims})


def test_a_password_names_its_user() -> None:
    assert GUARD.identify(_basic("root:pw:1")) == Identity("root", False, False)


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Basic",
        "Basic !",
        "Basic " + base64.b64encode(b"\xff:").decode(),
        _basic("root"),
        _basic("root:no"),
        _basic("no:pw"),
        _basic("gone:g"),
        "Digest x",
        "bearer",
        "bearer x.y.z",
    ],
)
def test_wrong_credentials_name_nobody(header: str) -> None:
    assert GUARD.identify(header) is None


def test_a_token_of_a_server_is_a_superusers() -> None:
    assert GUARD.identify(_bearer(server_id="x")) == Identity("", True, True)
    assert GUARD.identify(_bearer(server_id="x", exp=time.time() + 60).upper()[:6] + _bearer(server_id="x")[6:])


def test_a_token_of_a_user_is_that_users() -> None:
    assert GUARD.identify(_bearer(preferred_username="root")) == Identity("root", False, True)
    assert GUARD.identify(_bearer(preferred_username="a", allowed_paths=["/x"])) == Identity("a", False, True, ("/x",))


@pytest.mark.parametrize(
    "claims",
    [
        {"server_id": "x", "exp": 1},
        {"server_id": "x", "exp": "soon"},
        {"server_id": "x", "iss": "somebody"},
        {"server_id": "x", "allowed_paths": "/a"},
        {"server_id": 7},
        {},
    ],
)
def test_tokens_that_are_expired_or_name_nobody_are_refused(claims: dict[str, Any]) -> None:
    assert GUARD.identify(_bearer(**claims)) is None


def test_a_token_that_was_accepted_once_still_expires() -> None:
    header = _bearer(server_id="x", exp=time.time() + 0.3)
    assert GUARD.identify(header) is not None
    deadline = time.monotonic() + 10
    while GUARD.identify(header) is not None:
        assert time.monotonic() < deadline


def test_only_so_many_tokens_are_remembered() -> None:
    guard = Guard([SECRET], USERS.get)
    for number in range(1100):
        assert guard.identify(_bearer(server_id=str(number)))
    assert len(guard._claims) <= 1000


def test_a_session_token_is_accepted_again() -> None:
    assert GUARD.identify("bearer " + GUARD.session("root")) == Identity("root", False, True)


def test_without_authentication_everybody_may_do_everything() -> None:
    guard = Guard([SECRET], USERS.get, active=False)
    identity = guard.identify("")
    assert identity is not None
    assert guard.level(identity, "any") == WRITE


def test_levels_are_the_databases_own_or_the_general_one() -> None:
    root, reader = Identity("root", False, False), Identity("reader", False, False)
    assert GUARD.level(root, "anything") == WRITE
    assert (GUARD.level(reader, "shop"), GUARD.level(reader, "other")) == (READ, NONE)
    assert GUARD.level(Identity("nobody", False, True), "shop") == NONE
    assert GUARD.level(Identity("gone", False, True), "shop") == NONE
    assert (GUARD.is_admin(root), GUARD.is_admin(reader)) == (True, False)


def test_a_password_kept_in_an_unknown_way_is_refused_by_name() -> None:
    with pytest.raises(ArangoError, match="pbkdf2"):
        password.matches({"method": "pbkdf2"}, "x")


def test_secrets_are_read_from_a_file_without_the_space_around(tmp_path: Path) -> None:
    (tmp_path / "s").write_text(" abc \n")
    assert secrets_from(str(tmp_path / "s"), "", "") == [b"abc"]


def test_of_a_folder_the_first_by_name_signs(tmp_path: Path) -> None:
    (tmp_path / "b").write_text("two")
    (tmp_path / "-").write_text("one")
    (tmp_path / "folder").mkdir()
    assert secrets_from("", str(tmp_path), "") == [b"one", b"two"]


def test_an_option_or_chance_gives_the_secret_too() -> None:
    assert secrets_from("", "", "abc") == [b"abc"]
    assert secrets_from("", "", "") != secrets_from("", "", "")


def test_unusable_secrets_end_the_start(tmp_path: Path) -> None:
    (tmp_path / "long").write_text("x" * 65)
    (tmp_path / "empty").write_text("\n")
    (tmp_path / "none").mkdir()
    for given in (
        (str(tmp_path / "long"), "", ""),
        (str(tmp_path / "empty"), "", ""),
        (str(tmp_path / "missing"), "", ""),
        ("", str(tmp_path / "none"), ""),
        ("", str(tmp_path / "missing"), ""),
        ("", "", "x" * 65),
        ("a", "", "b"),
    ):
        with pytest.raises(Exit) as told:
            secrets_from(*given)
        assert told.value.code == 1
