"""How often to try again and how long to wait in between, as a value.

Knows no clock: whoever tries does the waiting.
"""

from __future__ import annotations

import dataclasses
import itertools
import math
import random
from collections.abc import Iterator

from armadillo.errors import ConfigurationError, Then, meaning


@dataclasses.dataclass(frozen=True, slots=True)
class RetryPolicy:
    """At most `attempts` tries in all; before each further one a delay that grows by `factor` up to `max_delay`.

    `jitter` is the part of each delay, 0 to 1, that is left to chance; it only ever shortens.
    """

    attempts: int = 1
    delay: float = 1.0
    factor: float = 1.0
    max_delay: float = 60.0
    jitter: float = 0.0

    def __post_init__(self) -> None:
        rules = {
            "attempts": (self.attempts >= 1, "1 or more"),
            "delay": (math.isfinite(self.delay) and self.delay >= 0, "0 or more seconds"),
            "factor": (math.isfinite(self.factor) and self.factor >= 1, "1 or more"),
            "max_delay": (math.isfinite(self.max_delay) and self.max_delay >= 0, "0 or more seconds"),
            "jitter": (0 <= self.jitter <= 1, "from 0 to 1"),
        }
        for name, (holds, allowed) in rules.items():
            if not holds:
                raise ConfigurationError(
                    f"a retry's {name} of {getattr(self, name)}", hint=f"{name} has to be {allowed}"
                )

    def delays(self, rng: random.Random) -> Iterator[float]:
        """Yield the seconds to wait before each further try."""
        delay = min(self.delay, self.max_delay)
        for _ in itertools.repeat(None, self.attempts - 1):
            yield delay * (1 - self.jitter * rng.random())
            delay = min(delay * self.factor, self.max_delay)


def is_retried(error: BaseException) -> bool:
    """Tell whether a failure of this kind is worth another try."""
    return meaning(error).then is Then.RETRY
