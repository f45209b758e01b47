"""Tokens are accepted when they are ours, and never otherwise."""

from __future__ import annotations

import jwt as pyjwt
import pytest
from arangod.auth import jwt
from hypothesis import given
from hypothesis import strategies as st

SECRET = b"0123456789abcdef0123456789abcdef"


def test_a_token_is_read_with_any_of_the_secrets() -> None:
    token = jwt.issue(SECRET, {"iss": "arangodb", "n": 1})
    assert jwt.verify([b"other", SECRET], token) == {"iss": "arangodb", "n": 1}


def test_tokens_are_those_of_everybody_else() -> None:
    claims = {"iss": "arangodb", "server_id": "x"}
    assert jwt.verify([SECRET], pyjwt.encode(claims, SECRET, "HS256")) == claims
    assert pyjwt.decode(jwt.issue(SECRET, claims), SECRET, ["HS256"]) == claims


@pytest.mark.parametrize("algorithm", ["HS384", "HS512", "none"])
def test_other_algorithms_are_refused(algorithm: str) -> None:
    key = None if algorithm == "none" else SECRET * 4
    with pytest.raises(jwt.Refused):
        jwt.verify([SECRET * 4], pyjwt.encode({"iss": "arangodb"}, key, algorithm))


def test_a_wrong_secret_is_refused() -> None:
    with pytest.raises(jwt.Refused, match="signature"):
        jwt.verify([b"other"], jwt.issue(SECRET, {}))


def test_a_signed_list_is_no_set_of_claims() -> None:
    signed = ".".join(jwt._to_base64url(part) for part in (b'{"alg":"HS256"}', b"[]"))
    with pytest.raises(jwt.Refused, match="object"):
        jwt.verify([SECRET], f"{signed}.{jwt._to_base64url(jwt._signature(SECRET, signed))}")


@given(
    st.text(max_size=60)
    | st.from_regex(r"[A-Za-z0-9_-]{0,20}\.[A-Za-z0-9_-]{0,20}\.[A-Za-z0-9_-]{0,20}", fullmatch=True)
)
def test_any_text_is_refused_and_nothing_else_happens(text: str) -> None:
    with pytest.raises(jwt.Refused):
        jwt.verify([SECRET], text)
