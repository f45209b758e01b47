"""The store of a data directory: opened, its journal shortened where that is worth it, and what goes wrong told.

Knows nothing of what a role keeps in it.
"""

from __future__ import annotations

from arangod.failure import Exit, ExitCode
from arangod.options.parse import Options
from arangod.process.datadir import DataDirectory
from arangod.process.log import Log
from arangod.store.engine import Store
from arangod.store.journal import Damaged


def opened(directory: DataDirectory, options: Options, log: Log) -> Store:
    """Open the store; what is damaged or cannot be read ends the process."""
    try:
        store = Store(
            directory.path,
            extended_names=options.flag("database.extended-names"),
            wait_for_sync=options.flag("database.wait-for-sync"),
        )
    except Damaged as exc:
        raise Exit(ExitCode.RECOVERY_FAILED, f"recovery failed: {exc}", id="5a008", topic="engines") from None
    except OSError as exc:
        raise Exit(ExitCode.FAILED, f"cannot open the store: {exc}", id="5a009", topic="engines") from None
    if store.torn:
        log.write("WARNING", "5a00a", "engines", f"cut {store.torn} bytes of a write that was never finished")
    if not store.is_new and store.compact():
        log.write("INFO", "5a00b", "engines", "rewrote the journal to what it still means")
    log.write("INFO", "144fe", "engines", "using storage engine 'rocksdb'")
    return store
