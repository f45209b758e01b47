"""`armadillo token`: a JWT for a deployment, made from its secret. Talks to no server."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from armadillo.auth import AuthProvider, provider_from_file
from armadillo.cli.lab import Engine
from armadillo.cli.names import Named, state_folder
from armadillo.cli.output import Output
from armadillo.clock import rfc3339
from armadillo.errors import ConfigurationError, EnvironmentUnusable, NotFoundError
from armadillo.units import parse_duration

SERVER_ID = "armadillo"
JWT = "jwt"


def token(
    out: Output,
    named: Named,
    engine: Engine,
    user: Annotated[
        str | None, typer.Option("--user", metavar="USER", help="For this user instead of the superuser.")
    ] = None,
    server_id: Annotated[
        str | None, typer.Option("--server-id", metavar="ID", help=f"The superuser's server_id, else {SERVER_ID}.")
    ] = None,
    ttl: Annotated[str, typer.Option("--ttl", metavar="DURATION", help="How long it is valid.")] = "1h",
    jwt_secret_file: Annotated[
        Path | None, typer.Option("--jwt-secret-file", metavar="FILE", help="The secret, else the deployment's own.")
    ] = None,
) -> None:
    """Print a JWT that a deployment accepts.

    Without --user it is a superuser's, which may do everything on every server.
    """
    seconds = parse_duration(ttl, zero=False)
    if seconds is None:
        raise ConfigurationError("--ttl none: a token has to end", hint="give a duration such as 90s, 15m or 1h")
    if user is not None and server_id is not None:
        raise ConfigurationError("a user's token has no server_id", hint="give --user or --server-id")
    name = named.chosen(out.config)
    file = jwt_secret_file or out.config.jwt_secret_file
    provider = provider_from_file(file) if file else of_deployment(name, engine)
    if user is None:
        made = provider.superuser_token(SERVER_ID if server_id is None else server_id, ttl=seconds)
    else:
        made = provider.create_user_token(user, ttl=seconds)
    out.result("token", described(made, provider.verify(made)), made)


def of_deployment(name: str, engine: Engine) -> AuthProvider:
    """Return the provider with a deployment's secret: this user's copy, else the engine's."""
    kept = state_folder(name) / JWT
    if kept.exists():
        return provider_from_file(kept)
    from armadillo.cluster.deployment import named

    try:
        with engine.opened() as connection:
            secret = named(connection, name).secrets().get(JWT)
    except (NotFoundError, EnvironmentUnusable) as exc:
        hint = "\n".join(filter(None, ["name the file: --jwt-secret-file FILE", exc.hint]))
        raise NotFoundError(f"no JWT secret of a deployment {name!r} is known here: {exc}", hint=hint) from exc
    if secret is None:
        raise NotFoundError(f"{name} has no JWT secret: it asks nobody who they are", hint="it needs no token")
    return AuthProvider(secret.strip())


def described(token: str, claims: dict[str, Any]) -> dict[str, Any]:
    """Return a token with what it says, for programs."""
    expires = datetime.datetime.fromtimestamp(claims["exp"], datetime.UTC)
    return {
        "token": token,
        "header": {"Authorization": f"Bearer {token}"},
        "claims": claims,
        "expires": rfc3339(expires),
    }
