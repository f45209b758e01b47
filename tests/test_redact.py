from __future__ import annotations

import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from armadillo.redact import MASK, MAX_DEPTH, Redactor, is_secret_name

SECRET = "s3cretX/9+z"

PLACES = [
    "ARANGO_ROOT_PASSWORD={}",
    "export DB_PASSWD={} && run",
    "--password {}",
    "--server.password={} --user root",
    "arangod --server.jwt-secret {} --log.level info",
    '--password "{}" --user root',
    "argv: ['arangosh', '--server.password', '{}']",
    '["--password","{}"]',
    '{{"password": "{}", "user": "root"}}',
    "{{'rootPassword': '{}'}}",
    '{{\\"token\\": \\"{}\\"}}',
    "password: {}\nuser: root",
    "x-api-key: {}",
    "apiKey={};next",
    "db_pwd={}",
    "GET /_api/version?jwt={}&wait=1",
    "Authorization: Bearer {}",
    "authorization: token {}",
    "curl -H 'Authorization: Basic {}' host",
    "sent Bearer {} to coordinator1",
    "Cookie: session={}; theme=dark",
    "(secret={})",
    'unclosed: password="{}',
    "PASSPHRASE={}",
    "private_key = {}",
    "PASSWORD=${{OTHER}}{}",
]

HARMLESS = [
    "password_file: /run/secrets/root",
    "--server.jwt-secret-keyfile /etc/jwt",
    "--password-file=./root.txt",
    "ARANGO_ROOT_PASSWORD_FILE=/run/secrets/root",
    "secrets: [jwt, root]",
    "tokens: 1500",
    "token=3",
    "max_tokens=20",
    "token_type=bearer",
    "Bearer token is not accepted",
    "bearer of bad news; Basic usage: see below.",
    "PWD=/home/somebody",
    "tests/test_token.py::test_one PASSED",
    "--password --user root",
    "password: ${ARANGO_ROOT_PASSWORD}",
    "password=",
    'password: ""',
    "if token == other",
    "secret://vault",
    "http://coordinator1:8529/_api/version",
    "http://coordinator1:8529/a@b",
    "tokenizer: fast",
    "public_key: abc",
]


@pytest.mark.parametrize("place", PLACES)
def test_a_secret_is_masked_where_it_stands(place: str) -> None:
    masked = Redactor().text(place.format(SECRET))
    assert SECRET not in masked
    assert MASK in masked
    assert Redactor().text(masked) == masked


@pytest.mark.parametrize("text", HARMLESS)
def test_what_is_harmless_stays(text: str) -> None:
    assert Redactor().text(text) == text


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("--password hunter2 --user root", "--password *** --user root"),
        ('{"password": "a\\"b", "user": "root"}', '{"password": "***", "user": "root"}'),
        ("/x?token=abc&batch=1", "/x?token=***&batch=1"),
        ("password=a,b;c&d)e end", "password=*** end"),
        ("http://root:p@ss@host:8529/x", "http://root:***@host:8529/x"),
        ("got eyJhbGci.eyJpc3M.sig-_x.", "got ***."),
        ("cut eyJhbGci.eyJpc3", "cut ***"),
        (
            "-----BEGIN RSA PRIVATE KEY-----\nMII\n-----END RSA PRIVATE KEY-----",
            "-----BEGIN RSA PRIVATE KEY-----***-----END RSA PRIVATE KEY-----",
        ),
        ("-----BEGIN PRIVATE KEY-----\nMII", "-----BEGIN PRIVATE KEY-----***"),
    ],
)
def test_only_the_secret_is_masked(text: str, masked: str) -> None:
    assert Redactor().text(text) == masked


@pytest.mark.parametrize(
    ("name", "secret"),
    [
        ("password", True),
        ("ARANGO_ROOT_PASSWORD", True),
        ("jwtSecret", True),
        ("dbpassword", True),
        ("APIKey", True),
        ("api_keys", True),
        ("credentials", True),
        ("proxy-authorization", True),
        ("password_2", True),
        ("passwordFile", False),
        ("passwordfile", False),
        ("token_count", False),
        ("secrets", False),
        ("secretary", False),
        ("key", False),
        ("...", False),
        ("", False),
    ],
)
def test_a_name_tells_whether_it_names_a_secret(name: str, secret: bool) -> None:
    assert is_secret_name(name) is secret


def test_a_known_value_is_masked_in_each_of_its_forms() -> None:
    redactor = Redactor(['pä/ss"word'])
    redactor.add("pä/ss")
    for form in ('pä/ss"word', "p%C3%A4%2Fss%22word", 'p\\u00e4/ss\\"word', "pä/ss"):
        assert redactor.text(f"<{form}>") == f"<{MASK}>"


def test_a_value_too_short_to_be_a_secret_is_not_masked_everywhere() -> None:
    assert Redactor(["", "a"]).text("a banana") == "a banana"


def test_values_are_masked_by_the_names_around_them() -> None:
    given_value = {
        "password": "x",
        "pin_password": 1234,
        "token": 3,
        "tokens": ["abc", "${REF}"],
        "secrets": ["root"],
        "enabled_secret": True,
        "no_password": None,
        "argv": ("run", "--password", "x", "--token", "--verbose"),
        "credentials": {"file": "./x", "value": "x", 1: b"x"},
        "environment": ["ROOT_PASSWORD=x"],
        "raw": (b"token=abc\xff", bytearray(b"Bearer abc1"), memoryview(b"x")),
        "several": {"password=x"},
        "fixed": frozenset({"a"}),
        "other": 1.5,
    }
    assert Redactor().redact(given_value) == {
        "password": MASK,
        "pin_password": MASK,
        "token": 3,
        "tokens": [MASK, "${REF}"],
        "secrets": ["root"],
        "enabled_secret": True,
        "no_password": None,
        "argv": ("run", "--password", MASK, "--token", "--verbose"),
        "credentials": {"file": "./x", "value": MASK, 1: MASK.encode()},
        "environment": [f"ROOT_PASSWORD={MASK}"],
        "raw": (f"token={MASK}".encode(), f"Bearer {MASK}".encode(), b"x"),
        "several": {f"password={MASK}"},
        "fixed": frozenset({"a"}),
        "other": 1.5,
    }


def test_the_original_is_left_alone() -> None:
    original = {"password": "x", "list": ["token=x1"]}
    Redactor().redact(original)
    assert original == {"password": "x", "list": ["token=x1"]}


def test_a_secret_that_is_a_key_is_masked() -> None:
    assert Redactor([SECRET]).redact({SECRET: 1}) == {MASK: 1}


def test_what_is_no_container_is_returned_as_it_is() -> None:
    thing = object()
    assert Redactor().redact([thing])[0] is thing


def test_a_value_that_contains_itself_ends() -> None:
    endless: list[Any] = ["password=x"]
    endless.append(endless)
    assert Redactor().redact(endless) == [f"password={MASK}", MASK]


def test_a_value_shared_many_times_is_walked_once() -> None:
    shared: Any = ["password=x"]
    for _ in range(MAX_DEPTH - 2):
        shared = [shared, shared]
    masked = Redactor().redact(shared)
    while isinstance(masked[0], list):
        masked = masked[0]
    assert masked == [f"password={MASK}"]


def test_what_is_too_deep_is_masked_not_shown() -> None:
    deep: Any = "plain"
    for _ in range(MAX_DEPTH + 5):
        deep = [deep]
    assert "plain" not in repr(Redactor().redact(deep))


around = st.text(st.characters(codec="utf-8", exclude_characters="\"'\\"), max_size=20)
secrets = st.from_regex(r"[A-Z0-9][a-z0-9]{6,20}[A-Z0-9]", fullmatch=True)


@given(before=around, place=st.sampled_from(PLACES), secret=secrets, after=around)
def test_no_text_around_it_uncovers_a_secret(before: str, place: str, secret: str, after: str) -> None:
    assert secret not in Redactor().text(f"{before}\n{place.format(secret)}\n{after}")


@given(before=st.text(), secret=secrets, after=st.text())
def test_a_known_value_never_survives(before: str, secret: str, after: str) -> None:
    assert secret not in Redactor([secret]).text(before + secret + after)


PIECES = [*"ab1 =:\"'-/@.,;&\n{}\\", "password", "token", "Bearer ", "://", "eyJ", "--", "authorization:"]


@given(st.lists(st.sampled_from(PIECES)).map("".join))
def test_masking_again_changes_nothing(text: str) -> None:
    once = Redactor().text(text)
    assert Redactor().text(once) == once


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.sampled_from(["a", "b c"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a", "name"]), inner, max_size=3),
)


@given(values)
def test_a_value_without_secrets_is_copied_unchanged(value: Any) -> None:
    assert Redactor().redact(value) == value


@pytest.mark.parametrize(
    "piece",
    [
        "password",
        "password=",
        "password ",
        'password="',
        "password='\\",
        "password=\\",
        "--password ",
        '--password",' + " ",
        "password=,a",
        "password=${",
        "password=a;",
        "token:",
        "token\\",
        "token\t",
        "eyJ",
        "eyJa.",
        "-eyJ",
        "://a:",
        "://a:b,",
        "://" + "a" * 50,
        "Bearer ",
        "Bearer aaaa",
        "basic\t",
        "-----BEGIN A PRIVATE KEY-----",
        "-----BEGIN ",
        "authorization:",
        "secret.-",
        "aA",
    ],
)
def test_hostile_text_takes_linear_time(piece: str) -> None:
    redactor = Redactor([SECRET])
    for text in ("token " + piece * (400_000 // len(piece)), "token " + piece + "a" * 400_000):
        started = time.monotonic()
        redactor.text(text)
        assert time.monotonic() - started < 20, "a quadratic pattern takes many minutes"
