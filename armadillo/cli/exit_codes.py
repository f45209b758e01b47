"""`armadillo exit-codes`: the table of exit codes. Knows nothing but the table."""

from __future__ import annotations

from armadillo.cli.output import Output, table
from armadillo.errors import EXIT_CODES


def exit_codes(out: Output) -> None:
    """Print what each exit code means."""
    rows = [{"code": code, "meaning": meaning} for code, meaning in EXIT_CODES.items()]
    out.result("exit-codes", {"exit_codes": rows}, table(("CODE", "MEANING"), EXIT_CODES.items()))
