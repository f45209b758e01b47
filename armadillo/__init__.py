"""A test lab for ArangoDB on Docker: these are the names that users import.

Each is looked up when it is first used, so that `import armadillo` costs next to nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from armadillo.arango import ArangoServer, simple_health_check
    from armadillo.auth import AuthProvider, get_auth_provider
    from armadillo.codec.json import JsonCodec
    from armadillo.config import ArmadilloConfig, load_config
    from armadillo.crypto import CryptoService
    from armadillo.deadline import TimeoutManager
    from armadillo.errors import (
        ArmadilloError,
        AuthError,
        CodecError,
        ConfigurationError,
        ConflictError,
        CrashDetected,
        EnvironmentUnusable,
        ExecutionError,
        HealthCheckError,
        NetworkError,
        NotFoundError,
        NotReadyInTime,
        SeveralFailed,
        TimeoutExpired,
        VerificationError,
    )
    from armadillo.files import FilesystemService
    from armadillo.process import ProcessExecutor, ProcessSupervisor
    from armadillo.topology import Topology, load_compose, load_topology, preset
    from armadillo.topology.render import render

__version__ = "0.1.0"

__all__ = [
    "ArangoServer",
    "ArmadilloConfig",
    "ArmadilloError",
    "AuthError",
    "AuthProvider",
    "CodecError",
    "ConfigurationError",
    "ConflictError",
    "CrashDetected",
    "CryptoService",
    "EnvironmentUnusable",
    "ExecutionError",
    "FilesystemService",
    "HealthCheckError",
    "JsonCodec",
    "NetworkError",
    "NotFoundError",
    "NotReadyInTime",
    "ProcessExecutor",
    "ProcessSupervisor",
    "SeveralFailed",
    "TimeoutExpired",
    "TimeoutManager",
    "Topology",
    "VerificationError",
    "__version__",
    "get_auth_provider",
    "load_compose",
    "load_config",
    "load_topology",
    "preset",
    "render",
    "simple_health_check",
]

_HOMES = {
    "armadillo.arango": "ArangoServer simple_health_check",
    "armadillo.auth": "AuthProvider get_auth_provider",
    "armadillo.codec.json": "JsonCodec",
    "armadillo.config": "ArmadilloConfig load_config",
    "armadillo.crypto": "CryptoService",
    "armadillo.deadline": "TimeoutManager",
    "armadillo.errors": (
        "ArmadilloError AuthError CodecError ConfigurationError ConflictError CrashDetected EnvironmentUnusable "
        "ExecutionError HealthCheckError NetworkError NotFoundError NotReadyInTime SeveralFailed TimeoutExpired "
        "VerificationError"
    ),
    "armadillo.files": "FilesystemService",
    "armadillo.process": "ProcessExecutor ProcessSupervisor",
    "armadillo.topology": "Topology load_compose load_topology preset",
    "armadillo.topology.render": "render",
}


def __getattr__(name: str) -> Any:
    import importlib

    for home, names in _HOMES.items():
        if name in names.split():
            value = globals()[name] = getattr(importlib.import_module(home), name)
            return value
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
