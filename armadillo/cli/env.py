"""`armadillo endpoints` and `armadillo env`: how other programs reach a deployment.

Speaks to the engine alone, to no server.
"""

from __future__ import annotations

import enum
import re
import shlex
from typing import Annotated

import typer

from armadillo.cli.lab import Engine, copies, shown
from armadillo.cli.names import Named
from armadillo.cli.output import Output
from armadillo.cluster.deployment import Deployment, named
from armadillo.errors import EnvironmentUnusable
from armadillo.topology.plan import JWT, PASSWORD

PLAIN = re.compile(r"[A-Za-z0-9_./:,@%+=-]*")


class Shell(enum.StrEnum):
    """Whose words the variables are written in."""

    SH = "sh"
    FISH = "fish"
    POWERSHELL = "powershell"
    DOTENV = "dotenv"
    GITHUB = "github"


def endpoints(out: Output, which: Named, engine: Engine) -> None:
    """Print where clients reach a deployment, one address a line."""
    with engine.opened() as connection:
        deployment = named(connection, which.chosen(out.config))
        rows = [shown(one) for one in deployment.endpoints() if one.url and one.container.running]
    if not rows:
        raise EnvironmentUnusable(
            f"{deployment.name} has no server that answers clients now", hint=f"armadillo status {deployment.name}"
        )
    out.result("endpoints", {"name": deployment.name, "endpoints": rows}, "".join(f"{r['endpoint']}\n" for r in rows))


def env(
    out: Output,
    which: Named,
    engine: Engine,
    shell: Annotated[Shell, typer.Option("--shell", help="Whose words to write them in.")] = Shell.SH,
    show_secrets: Annotated[
        bool, typer.Option("--show-secrets", help="The password itself too.", show_default=False)
    ] = False,
) -> None:
    """Print variables that tell other programs where a deployment is.

    eval "$(armadillo env lab)"
    """
    with engine.opened() as connection:
        deployment = named(connection, which.chosen(out.config))
        found = variables(deployment, show_secrets=show_secrets)
    text = "".join(written(shell, name, value) + "\n" for name, value in found.items())
    out.result("env", {"name": deployment.name, "variables": found}, text)


def variables(deployment: Deployment, *, show_secrets: bool) -> dict[str, str]:
    """Return the variables; the files they name are made again when they are gone."""
    found = {
        "ARANGO_ENDPOINTS": ",".join(one.url for one in deployment.endpoints() if one.url),
        "ARANGO_DEPLOYMENT": deployment.name,
    }
    files = copies(deployment)
    if PASSWORD in files:
        found |= {"ARANGO_USERNAME": "root", "ARANGO_ROOT_PASSWORD_FILE": files[PASSWORD]}
        if show_secrets:
            found["ARANGO_ROOT_PASSWORD"] = deployment.password or ""
    if JWT in files:
        found["ARANGO_JWT_FILE"] = files[JWT]
    return found


def written(shell: Shell, name: str, value: str) -> str:
    """Return one assignment in a shell's words."""
    match shell:
        case Shell.FISH:
            quoted = value.replace("\\", "\\\\").replace("'", "\\'")
            return f"set -gx {name} '{quoted}'"
        case Shell.POWERSHELL:
            quoted = value.replace("'", "''")
            return f"$Env:{name} = '{quoted}'"
        case Shell.DOTENV:
            # Compose and Docker read plain words alike; what is quoted, Docker's --env-file takes with the quotes.
            quoted = value.replace("\\", "\\\\").replace('"', '\\"').replace("$", "\\$").replace("\n", "\\n")
            return f"{name}={value}" if PLAIN.fullmatch(value) else f'{name}="{quoted}"'
        case Shell.GITHUB:
            return f"{name}<<END_OF_{name}\n{value}\nEND_OF_{name}" if "\n" in value else f"{name}={value}"
    return f"export {name}={shlex.quote(value)}"
