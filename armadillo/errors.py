"""What can go wrong, as a few kinds, and the one table of what each kind means outside.

Knows nothing of any library or of how an error came about.

    ArmadilloError
    ├── ConfigurationError      a wish that cannot be met as written
    │   └── NotFoundError       no such deployment, server, run, file
    ├── ConflictError           somebody else has it, or it exists already
    ├── EnvironmentUnusable     no Docker, no image, no memory
    ├── NotReadyInTime          it runs, but it did not become ready
    ├── CrashDetected           a server or child ended by itself
    ├── TimeoutExpired          a command or scope was out of time
    ├── NetworkError            nobody answered: refused, reset, unresolved
    ├── HealthCheckError        somebody answered, but not well
    ├── AuthError               a token or credential is not accepted
    ├── CodecError              bytes that are not what they should be
    ├── ExecutionError          a command ran and failed
    ├── VerificationError       a check was made and does not hold
    ├── ModelError              a language model did not help
    └── SeveralFailed           parallel work: all that failed, an ExceptionGroup too
"""

from __future__ import annotations

import enum
import shlex
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

TAIL_LINES = 30
TAIL_CHARS = 4096


def tail(text: str, lines: int = TAIL_LINES, chars: int = TAIL_CHARS) -> str:
    """Return the end of a text, bounded in lines and characters, saying so when something was left out."""
    whole = text.rstrip("\n")
    kept = "\n".join(whole.rsplit("\n", lines)[-lines:])[-chars:]
    return kept if len(kept) == len(whole) else f"[… {len(whole) - len(kept)} characters cut]\n{kept}"


def _made_again(kind: type[ArmadilloError], args: tuple[Any, ...]) -> ArmadilloError:
    return kind.__new__(kind, *args)


class ArmadilloError(Exception):
    """The root: a message that says what failed on what, and a hint that says what to do next."""

    def __init__(self, message: str, *, hint: str = "", details: Mapping[str, Any] | None = None) -> None:
        super().__init__(message)
        self.hint = hint
        self.details: dict[str, Any] = dict(details or {})

    def __reduce__(self) -> tuple[Any, ...]:
        """Copy and pickle what an error is, not how its kind is called."""
        return _made_again, (type(self), self.args), self.__dict__


class ConfigurationError(ArmadilloError):
    """A wish that cannot be met as written; found before anything was done."""


class NotFoundError(ConfigurationError):
    """What was named does not exist."""


class ConflictError(ArmadilloError):
    """It exists already, or another process holds it."""


class EnvironmentUnusable(ArmadilloError):
    """This machine cannot do it: no Docker, no image, no memory."""


class NotReadyInTime(ArmadilloError):
    """It runs, but it did not become ready before the deadline."""


class CrashDetected(ArmadilloError):
    """A server or child ended by itself."""

    def __init__(
        self,
        message: str,
        *,
        exit_code: int | None = None,
        reason: str = "",
        log_tail: str = "",
        hint: str = "",
        details: Mapping[str, Any] | None = None,
    ) -> None:
        self.exit_code = exit_code
        self.reason = reason
        self.log_tail = tail(log_tail)
        evidence = {"exit_code": exit_code, "reason": reason, "log_tail": self.log_tail}
        super().__init__(message, hint=hint, details={**evidence, **(details or {})})


class TimeoutExpired(ArmadilloError):
    """Something was out of time; says what was run, with which arguments, how long, and what it had printed."""

    def __init__(
        self,
        message: str,
        *,
        argv: Sequence[str] = (),
        seconds: float | None = None,
        stdout: str = "",
        stderr: str = "",
        hint: str = "",
        details: Mapping[str, Any] | None = None,
    ) -> None:
        self.argv = tuple(argv)
        self.seconds = seconds
        self.stdout = tail(stdout)
        self.stderr = tail(stderr)
        evidence = {
            "command": shlex.join(self.argv),
            "seconds": seconds,
            "stdout": self.stdout,
            "stderr": self.stderr,
        }
        super().__init__(message, hint=hint, details={**evidence, **(details or {})})


class NetworkError(ArmadilloError):
    """Nobody answered: refused, reset, unresolved, out of time while connecting."""


class HealthCheckError(ArmadilloError):
    """Somebody answered, but not well; carries status and body."""

    def __init__(
        self,
        message: str,
        *,
        status: int,
        body: str = "",
        hint: str = "",
        details: Mapping[str, Any] | None = None,
    ) -> None:
        self.status = status
        self.body = tail(body)
        super().__init__(message, hint=hint, details={"status": status, "body": self.body, **(details or {})})


class AuthError(ArmadilloError):
    """A token or credential is not accepted."""


class CodecError(ArmadilloError):
    """Bytes that are not what they should be; carries the offset of the first wrong one."""

    def __init__(
        self, message: str, *, offset: int | None = None, hint: str = "", details: Mapping[str, Any] | None = None
    ) -> None:
        self.offset = offset
        super().__init__(message, hint=hint, details={"offset": offset, **(details or {})})


class ExecutionError(ArmadilloError):
    """A command ran and failed."""


class VerificationError(ArmadilloError):
    """A check was made and does not hold."""


class ModelError(ArmadilloError):
    """A language model gave no usable answer; the work goes on without it."""


class SeveralFailed(ArmadilloError, ExceptionGroup[ArmadilloError]):
    """Parallel work of which several parts failed, each in an expected way."""

    def __new__(cls, message: str, exceptions: Sequence[ArmadilloError]) -> SeveralFailed:
        return super().__new__(cls, message, exceptions)

    def __init__(self, message: str, exceptions: Sequence[ArmadilloError]) -> None:
        super().__init__(message, hint="\n".join(dict.fromkeys(exc.hint for exc in exceptions if exc.hint)))

    def __reduce__(self) -> tuple[Any, ...]:
        """Take the parts along, which are not among the arguments that the root keeps."""
        return _made_again, (type(self), (self.message, self.exceptions)), self.__dict__

    def __str__(self) -> str:
        return f"{self.message}: {len(self.exceptions)} failed: " + "; ".join(str(exc) for exc in self.exceptions)

    def derive(self, excs: Sequence[Any]) -> ExceptionGroup[Any]:
        """Keep the kind when a part is split off, as long as all of it is expected."""
        expected = all(isinstance(exc, ArmadilloError) for exc in excs)
        return SeveralFailed(self.message, excs) if expected else ExceptionGroup(self.message, excs)


def several(message: str, failed: Sequence[Exception]) -> Exception:
    """Return the one error to raise for what failed in parallel: itself, all of them, or the bug among them."""
    if len(failed) == 1:
        return failed[0]
    expected = [exc for exc in failed if isinstance(exc, ArmadilloError)]
    return SeveralFailed(message, expected) if len(expected) == len(failed) else ExceptionGroup(message, failed)


class Then(enum.Enum):
    """What the caller does after a failure of a kind."""

    STOP = "stop before any effect"
    RETRY = "try again inside the deadline"
    RECORD = "becomes the result of its case, and the run goes on"
    DEGRADE = "is recorded, and the work goes on without it"
    END = "ends the operation; what it made is undone"


class Meaning(NamedTuple):
    """What a kind of error means at each door."""

    code: str
    exit_code: int
    grpc: str
    http: int
    then: Then


MEANING: Mapping[type[ArmadilloError], Meaning] = {
    ConfigurationError: Meaning("configuration", 2, "INVALID_ARGUMENT", 400, Then.STOP),
    NotFoundError: Meaning("not_found", 2, "NOT_FOUND", 404, Then.STOP),
    ConflictError: Meaning("conflict", 17, "ABORTED", 409, Then.STOP),
    EnvironmentUnusable: Meaning("environment_unusable", 10, "FAILED_PRECONDITION", 503, Then.STOP),
    NotReadyInTime: Meaning("not_ready_in_time", 11, "DEADLINE_EXCEEDED", 504, Then.END),
    CrashDetected: Meaning("crash_detected", 12, "INTERNAL", 502, Then.END),
    TimeoutExpired: Meaning("timeout_expired", 13, "DEADLINE_EXCEEDED", 504, Then.END),
    NetworkError: Meaning("network", 1, "UNAVAILABLE", 503, Then.RETRY),
    HealthCheckError: Meaning("health_check", 1, "UNAVAILABLE", 502, Then.RETRY),
    AuthError: Meaning("auth", 1, "UNAUTHENTICATED", 401, Then.END),
    CodecError: Meaning("codec", 1, "INVALID_ARGUMENT", 422, Then.END),
    ExecutionError: Meaning("execution", 1, "INTERNAL", 500, Then.RECORD),
    VerificationError: Meaning("verification", 1, "FAILED_PRECONDITION", 412, Then.RECORD),
    ModelError: Meaning("model", 1, "UNAVAILABLE", 503, Then.DEGRADE),
    ArmadilloError: Meaning("error", 1, "UNKNOWN", 500, Then.END),
}

EXIT_CODES: Mapping[int, str] = {
    0: "done",
    1: "tests or checks failed, or a general failure",
    2: "wrong usage or invalid configuration; no such deployment, server, run, file",
    3: "only from `test run`, pytest's own: internal error",
    4: "only from `test run`, pytest's own: wrong usage",
    5: "only from `test run`, pytest's own: nothing collected",
    10: "environment not usable (no Docker, no memory, wrong architecture, image cannot be had)",
    11: "topology did not become ready in time",
    12: "a server crashed or ended with an unexpected exit code",
    13: "global or idle time-out",
    14: "all tests passed but evidence says no: sanitizer report, core, FATAL in logs, leftovers",
    15: "verdict unknown: a check or a bisection could not decide",
    16: "upgrade refused by the path rules",
    17: "name or lock conflict: it exists, or another process uses it",
    130: "SIGINT, after an orderly clean-up",
    143: "SIGTERM, after an orderly clean-up",
}

# Of several failures the one that explains the others comes first.
_WORST_FIRST = (13, 12, 11, 10, 17, 2, 1)


def meaning(error: BaseException) -> Meaning:
    """Look an error up in the table; of several, the one that explains the others."""
    if isinstance(error, SeveralFailed):
        return min((meaning(exc) for exc in error.exceptions), key=lambda known: _WORST_FIRST.index(known.exit_code))
    for kind in type(error).__mro__:
        if kind in MEANING:
            return MEANING[kind]
    return MEANING[ArmadilloError]
