"""What the user set, once for everybody, in one frozen object. Knows nothing of what a setting does."""

from __future__ import annotations

from armadillo.config.load import HONOURED, load_config
from armadillo.config.paths import below
from armadillo.config.settings import SETTINGS, ArmadilloConfig, Setting, config_schema, init_text, new_run_id, rows

__all__ = [
    "HONOURED",
    "SETTINGS",
    "ArmadilloConfig",
    "Setting",
    "below",
    "config_schema",
    "init_text",
    "load_config",
    "new_run_id",
    "rows",
]
