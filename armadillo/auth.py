"""Tokens: issued and checked with one secret, in the forms ArangoDB takes and in our own; the only place of pyjwt.

Knows nothing of HTTP or of who asks; it makes headers and reads claims.
"""

from __future__ import annotations

import base64
import hashlib
import json
import math
import secrets
import stat
import threading
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TypeGuard

import jwt
from jwt.algorithms import HMACAlgorithm

from armadillo.clock import Clock, SystemClock
from armadillo.config import load_config
from armadillo.crypto import CryptoService
from armadillo.errors import AuthError, ConfigurationError, EnvironmentUnusable, NotFoundError
from armadillo.log import get_logger, redactor

log = get_logger(__name__)

ALGORITHMS = ("HS256", "HS384", "HS512")
ISSUER = "arangodb"
KINDS = ("user", "service", "cluster", "superuser")
SHORT = 32
LONGEST = 64
"""Bytes of a secret: below SHORT it can be guessed, above LONGEST ArangoDB does not take it."""

_ERA = 1e12
_OURS = frozenset({"iat", "exp", "jti"})


class _AnyLength(HMACAlgorithm):
    """HMAC that leaves the warning about short keys to us: ArangoDB takes them."""

    def check_key_length(self, key: Any) -> str | None:
        return None


_DIGESTS: Mapping[str, Any] = {"HS256": hashlib.sha256, "HS384": hashlib.sha384, "HS512": hashlib.sha512}


class AuthProvider:
    """Issues and checks tokens with one secret; `origin` says where that came from."""

    def __init__(
        self,
        secret: str | bytes,
        algorithm: str = "HS256",
        *,
        origin: str = "given",
        clock: Clock | None = None,
        crypto: CryptoService | None = None,
    ) -> None:
        if algorithm not in ALGORITHMS:
            raise ConfigurationError(f"no tokens with algorithm {algorithm!r}", hint=f"use {', '.join(ALGORITHMS)}")
        self._secret = _usable(secret, origin)
        self._clock = clock or SystemClock()
        self._crypto = crypto or CryptoService(self._clock)
        self._jws = _jws(algorithm)
        self._service: dict[tuple[str, tuple[str, ...], float], tuple[str, float]] = {}
        self._lock = threading.Lock()
        self.algorithm = algorithm
        self.origin = origin

    def __repr__(self) -> str:
        return f"AuthProvider(algorithm={self.algorithm!r}, origin={self.origin!r})"

    def issue_jwt(self, *, ttl: float = 3600, claims: Mapping[str, Any] | None = None) -> str:
        """Return a token with these claims and our own; with a ttl below 0 one that others have to refuse."""
        claims = dict(claims or {})
        if not math.isfinite(ttl):
            raise ConfigurationError(f"a token that lives {ttl} seconds", hint="give a number of seconds")
        if taken := _OURS & claims.keys():
            raise ConfigurationError(f"claims {', '.join(sorted(taken))} are not yours to set", hint="use ttl=")
        now = int(self._clock.now().timestamp())
        own = {"iat": now, "exp": now + math.ceil(ttl), "jti": self._crypto.random_id()}
        return self._sign({"iss": ISSUER, **claims, **own})

    def superuser_token(self, server_id: str = "armadillo", *, ttl: float = 3600) -> str:
        """Return the form ArangoDB's servers use among themselves: it may do everything, on every role."""
        return self.issue_jwt(ttl=ttl, claims={"kind": "superuser", "server_id": _named("server_id", server_id)})

    def create_user_token(self, user: str, permissions: Iterable[str] = (), *, ttl: float = 3600) -> str:
        """Return a user's token, as ArangoDB takes it too; the permissions are checked by us alone."""
        claims = {"kind": "user", "preferred_username": _named("user", user), "permissions": _sorted(permissions)}
        return self.issue_jwt(ttl=ttl, claims=claims)

    def service_token(self, name: str, permissions: Iterable[str] = (), *, ttl: float = 3600) -> str:
        """Return a token for a process that runs for long: the same one until a tenth of its life is left."""
        granted = _sorted(permissions)
        key = (_named("service", name), tuple(granted), ttl)
        now = self._clock.monotonic()
        with self._lock:
            token, renew = self._service.get(key, ("", -math.inf))
            if now >= renew:
                token = self.issue_jwt(ttl=ttl, claims={"kind": "service", "service": name, "permissions": granted})
                self._service[key] = (token, now + 0.9 * ttl)
        return token

    def create_cluster_auth_headers(
        self, cluster: str, role: str, permissions: Iterable[str] = (), *, ttl: float = 3600
    ) -> dict[str, str]:
        """Return the header of one role of one cluster; ArangoDB takes it as a superuser's."""
        claims = {
            "kind": "cluster",
            "cluster": _named("cluster", cluster),
            "role": _named("role", role),
            "permissions": _sorted(permissions),
            "server_id": f"{cluster}-{role}",
        }
        return self.authorization_header(self.issue_jwt(ttl=ttl, claims=claims))

    def authorization_header(self, token: str | None = None) -> dict[str, str]:
        """Return the header for a token; without one for a new superuser's."""
        return {"Authorization": f"Bearer {self.superuser_token() if token is None else token}"}

    def verify(
        self,
        token: str,
        *,
        kind: str | None = None,
        cluster: str | None = None,
        role: str | None = None,
        permission: str | None = None,
        once: bool = False,
    ) -> dict[str, Any]:
        """Return the claims of a token that is ours, in time and as expected; `once` refuses its second use."""
        claims = self._opened(token)
        self._check_time(claims)
        _check_form(claims)
        for name, expected in (("kind", kind), ("cluster", cluster), ("role", role)):
            if expected is not None and claims.get(name) != expected:
                raise AuthError(f"the token is for {name} {claims.get(name)!r}, not {expected!r}")
        if permission is not None and not has_permission(claims, permission):
            raise AuthError(f"the token does not permit {permission!r}", details={"has": claims.get("permissions", [])})
        if once:
            self._use_up(claims)
        return claims

    def _sign(self, claims: dict[str, Any]) -> str:
        try:
            payload = json.dumps(claims, separators=(",", ":"), allow_nan=False).encode()
        except (TypeError, ValueError) as exc:
            raise ConfigurationError(f"claims that are no JSON: {exc}", hint="use texts, numbers, lists") from exc
        return self._jws.encode(payload, self._secret, algorithm=self.algorithm, headers={"typ": "JWT"})

    def _opened(self, token: str) -> dict[str, Any]:
        try:
            payload = self._jws.decode(token, self._secret, algorithms=[self.algorithm])
            claims = json.loads(payload)
        except jwt.InvalidAlgorithmError as exc:
            raise AuthError(f"the token is not signed with {self.algorithm}: {exc}") from exc
        except jwt.InvalidSignatureError as exc:
            raise AuthError("the token was signed with another secret", hint="give the deployment's secret") from exc
        except (jwt.PyJWTError, ValueError, RecursionError) as exc:
            raise AuthError(f"this is no token: {exc}") from exc
        if not isinstance(claims, dict):
            raise AuthError("this is no token: its claims are no object")
        return claims

    def _check_time(self, claims: Mapping[str, Any]) -> None:
        now = self._clock.now().timestamp()
        expires, begins = claims.get("exp"), claims.get("nbf", 0)
        if not _is_moment(expires) or not _is_moment(begins):
            raise AuthError("the token does not say when it expires", hint="issue it with a ttl")
        if expires <= now:
            raise AuthError(f"the token expired {now - expires:.0f} s ago", hint="ask for a new one")
        if begins > now:
            raise AuthError(f"the token is not valid before {begins - now:.0f} s from now", hint="compare the clocks")

    def _use_up(self, claims: Mapping[str, Any]) -> None:
        nonce = claims.get("jti")
        if not isinstance(nonce, str) or not nonce:
            raise AuthError("the token has no jti, so it cannot be used only once", hint="issue it with issue_jwt")
        self._crypto.register_nonce(nonce, ttl=max(1.0, claims["exp"] - self._clock.now().timestamp()))


def has_permission(claims: Mapping[str, Any], permission: str) -> bool:
    """Return whether verified claims permit something: by its name, by `*`, or as superuser."""
    granted = claims.get("permissions", [])
    return claims.get("kind") == "superuser" or permission in granted or "*" in granted


def basic_auth_header(user: str, password: str) -> dict[str, str]:
    """Return the header with a password, for a server which does not take our tokens."""
    if ":" in user:
        raise ConfigurationError(f"the user {user!r} has a colon, basic auth cannot say that", hint="use a token")
    redactor.add(password)
    return {"Authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}


def read_secret(path: Path | str) -> bytes:
    """Return what a secret file holds, without white space around it, as ArangoDB reads it."""
    source = Path(path)
    try:
        content = source.read_bytes().strip()
        mode = source.stat().st_mode
    except FileNotFoundError as exc:
        raise NotFoundError(f"no secret file {source}", hint=f"openssl rand -hex 32 > {source}") from exc
    except PermissionError as exc:
        raise EnvironmentUnusable(
            f"the secret file {source} cannot be read: {exc.strerror}", hint=f"ls -l {source}"
        ) from exc
    except OSError as exc:
        raise ConfigurationError(f"{source} is no secret file: {exc.strerror}", hint="name a file") from exc
    if mode & stat.S_IROTH:
        log.warning("auth.secret.exposed", file=str(source), hint=f"chmod 600 {source}")
    return content


def provider_from_file(path: Path | str | None) -> AuthProvider:
    """Return a provider with the secret of a file; without one with a random secret."""
    if path is None:
        return AuthProvider(secrets.token_hex(LONGEST // 2), origin="random, for this process")
    return AuthProvider(read_secret(path), origin=f"file {path}")


_provider: AuthProvider | None = None
_making = threading.Lock()


def get_auth_provider() -> AuthProvider:
    """Return the one of this process: with the configured secret file, else with a random secret; see `origin`."""
    global _provider  # noqa: PLW0603 - one per process is what it is for
    with _making:
        if _provider is None:
            _provider = provider_from_file(load_config().jwt_secret_file)
        return _provider


def _usable(secret: str | bytes, origin: str) -> bytes:
    content = secret.encode() if isinstance(secret, str) else bytes(secret)
    if not content:
        raise ConfigurationError(f"the secret ({origin}) is empty", hint="openssl rand -hex 32")
    if len(content) > LONGEST:
        message = f"the secret ({origin}) has {len(content)} bytes, ArangoDB takes {LONGEST} at most"
        raise ConfigurationError(message, hint="openssl rand -hex 32")
    redactor.add(content.decode(errors="replace"))
    if len(content) < SHORT:
        log.warning("auth.secret.short", origin=origin, length=len(content), wanted=SHORT)
    return content


def _jws(algorithm: str) -> jwt.PyJWS:
    jws = jwt.PyJWS(algorithms=[algorithm])
    jws.unregister_algorithm(algorithm)
    jws.register_algorithm(algorithm, _AnyLength(_DIGESTS[algorithm]))
    return jws


def _named(what: str, value: str) -> str:
    if not value or not isinstance(value, str):
        raise ConfigurationError(f"{value!r} is no {what}", hint="give a name")
    return value


def _sorted(permissions: Iterable[str]) -> list[str]:
    if isinstance(permissions, str):
        raise ConfigurationError(f"permissions is the text {permissions!r}", hint=f"write [{permissions!r}]")
    return sorted({_named("permission", permission) for permission in permissions})


def _is_moment(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool) and -_ERA < value < _ERA


def _check_form(claims: Mapping[str, Any]) -> None:
    """Refuse claims of ours that are not what we would have issued."""
    kind = claims.get("kind")
    if kind is not None and kind not in KINDS:
        raise AuthError(f"the token is of an unknown kind {kind!r}")
    needed = {"cluster": ("cluster", "role"), "service": ("service",), "user": ("preferred_username",)}
    for name in needed.get(kind or "", ()):
        if not claims.get(name) or not isinstance(claims[name], str):
            raise AuthError(f"the token of kind {kind} names no {name}")
    granted = claims.get("permissions", [])
    if not isinstance(granted, list) or not all(isinstance(permission, str) for permission in granted):
        raise AuthError("the token's permissions are no list of names")
