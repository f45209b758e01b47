"""What a line looks like, what it never shows, and whose context it carries."""

from __future__ import annotations

import asyncio
import io
import json
import logging
import os
import re
import stat
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from armadillo import log
from armadillo.errors import ConfigurationError
from armadillo.redact import Redactor

ROOT = Path(__file__).resolve().parents[1]
SECRET = "correct horse/battery\u00e9"
EVENT = "proc.start"

Lines = Callable[[], list[dict[str, Any]]]


@pytest.fixture(autouse=True)
def as_it_was() -> Iterator[None]:
    before = (logging.getLogger().level, list(logging.getLogger().handlers), logging.getLogger("armadillo").level)
    yield
    log.reset()
    assert before == (logging.getLogger().level, logging.getLogger().handlers, logging.getLogger("armadillo").level)


@pytest.fixture
def lines() -> Lines:
    """Configure JSON at debug and give what was written so far."""
    stream = io.StringIO()
    log.configure(level="debug", form="json", stream=stream)
    return lambda: [json.loads(line) for line in stream.getvalue().splitlines()]


@pytest.fixture
def secret(monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr(log, "redactor", Redactor([SECRET]))
    return SECRET


voice = log.get_logger("armadillo.tests")


def test_a_json_line_has_time_level_logger_event_and_facts(lines: Lines) -> None:
    voice.info(EVENT, pid=7, argv=["sleep", "1"], where=Path("/tmp"), share=0.5, ok=True, nothing=None)
    (line,) = lines()
    moment = line.pop("timestamp")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", moment)
    assert line == {
        "level": "info",
        "logger": "armadillo.tests",
        "event": EVENT,
        "pid": 7,
        "argv": ["sleep", "1"],
        "where": "/tmp",
        "share": 0.5,
        "ok": True,
        "nothing": None,
    }


def test_times_are_utc_whatever_the_machine_says() -> None:
    code = """
import time
from armadillo import log
log.configure(form="json")
log.get_logger("a").warning("proc.start")
print(time.time())
"""
    argv, tokyo = [sys.executable, "-c", code], {**os.environ, "TZ": "Asia/Tokyo"}
    ran = subprocess.run(argv, env=tokyo, capture_output=True, text=True, check=True)
    told = datetime.fromisoformat(json.loads(ran.stderr)["timestamp"]).timestamp()
    assert abs(told - float(ran.stdout)) < 600


def test_a_text_line_is_for_people() -> None:
    stream = io.StringIO()
    log.configure(level="info", stream=stream)
    voice.info(EVENT, pid=7, argv=["a b"])
    assert re.fullmatch(
        r"\S+Z \[info {5}\] proc\.start +\[armadillo\.tests\] pid=7 argv=\['a b'\]\n", stream.getvalue()
    )


def test_colours_are_only_written_when_asked_for() -> None:
    stream = io.StringIO()
    for color in (False, True):
        log.configure(stream=stream, color=color)
        voice.warning(EVENT)
    plain, coloured = stream.getvalue().splitlines()
    assert "\x1b[" not in plain
    assert "\x1b[" in coloured


def test_a_text_line_stays_one_line_and_cannot_steer_the_terminal() -> None:
    stream = io.StringIO()
    log.configure(stream=stream)
    logging.getLogger("other").warning("one\ntwo \x1b[2J")
    voice.warning(EVENT, said="\x1b[2J\r")
    assert stream.getvalue().count("\n") == 2
    assert "\x1b" not in stream.getvalue()
    assert r"one\ntwo \x1b[2J" in stream.getvalue()


def test_a_traceback_keeps_its_lines_in_text_and_its_controls_harmless() -> None:
    stream = io.StringIO()
    log.configure(stream=stream)
    voice.error(EVENT, exc_info=ValueError("\x1b[2J"))
    assert stream.getvalue().endswith("\nValueError: \\x1b[2J\n")


@pytest.mark.parametrize("value", [float("nan"), {(1, 2): {3}}, b"\xff", object(), {"a": float("-inf")}])
def test_every_value_becomes_valid_json(value: object, lines: Lines) -> None:
    voice.info(EVENT, value=value)
    assert json.dumps(lines()[0], allow_nan=False)


def test_a_value_within_itself_is_cut(lines: Lines) -> None:
    endless: list[Any] = []
    endless.append(endless)
    voice.info(EVENT, value=endless)
    assert "[...]" in str(lines()[0]["value"])


def test_facts_cannot_forge_time_level_and_logger(lines: Lines) -> None:
    voice.info(EVENT, level="x", logger="x", timestamp="x")
    assert "x" not in lines()[0].values()


def plant_in_a_fact(secret: str) -> None:
    voice.info(EVENT, value=f"a {secret} b")


def plant_under_the_name_of_a_secret(secret: str) -> None:
    voice.info(EVENT, password=secret[:7])


def plant_in_nested_values(secret: str) -> None:
    voice.info(EVENT, value={"a": [{"b": (secret, {secret})}], secret: 1})


def plant_in_what_is_only_text_when_shown(secret: str) -> None:
    voice.info(EVENT, value=Path("/run") / secret, error=ValueError(secret), raw=secret.encode())


def plant_below_what_is_walked(secret: str) -> None:
    value: Any = secret
    for _ in range(50):
        value = [value]
    voice.info(EVENT, value=value)


def plant_in_the_context(secret: str) -> None:
    with log.context(value=secret, deeper={"token": secret[:7]}):
        voice.info(EVENT)
        logging.getLogger("other").warning("said")


def plant_in_a_foreign_message(secret: str) -> None:
    logging.getLogger("other").warning(f"said {secret}")


def plant_in_a_foreign_argument(secret: str) -> None:
    logging.getLogger("other").warning("said %s and %r", secret, [secret])
    logging.getLogger("other").warning("said %(value)s", {"value": secret})


def plant_in_an_exception(secret: str) -> None:
    try:
        raise KeyError(secret)
    except KeyError as exc:
        exc.add_note(secret)
        voice.error(EVENT, exc_info=True)
        voice.error(EVENT, exc_info=exc)
        logging.getLogger("other").exception("failed")


def plant_in_the_cause_of_an_exception(secret: str) -> None:
    try:
        try:
            raise ValueError(secret)
        except ValueError as exc:
            raise RuntimeError from exc
    except RuntimeError:
        voice.error(EVENT, exc_info=True)
        logging.getLogger("other").exception("failed")


PLANTS = [plant for name, plant in sorted(globals().items()) if name.startswith("plant_")]


@pytest.mark.parametrize("form", ["text", "json"])
@pytest.mark.parametrize("plant", PLANTS, ids=lambda plant: plant.__name__)
def test_a_secret_is_masked_wherever_it_is_planted(
    plant: Callable[[str], None], form: str, secret: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    stream, file = io.StringIO(), tmp_path / "log"
    log.configure(level="debug", form=form, stream=stream, file=file)
    plant(secret)
    ours = "".join(str(record.msg) for record in caplog.records if record.name == voice._stdlib.name)
    for shown in (stream.getvalue(), file.read_text(), ours):
        assert "correct" not in shown
    assert "***" in stream.getvalue()


def test_every_plant_would_show_without_the_mask(monkeypatch: pytest.MonkeyPatch) -> None:
    class Blind:
        def redact(self, obj: Any) -> Any:
            return obj

    monkeypatch.setattr(log, "redactor", Blind())
    for plant in PLANTS:
        stream = io.StringIO()
        log.configure(level="debug", stream=stream)
        plant(SECRET)
        assert "correct" in stream.getvalue(), plant.__name__


def test_the_context_is_on_every_line_inside_and_gone_outside(lines: Lines) -> None:
    with log.context(run="r1", test="t1"):
        with log.context(test="t2"):
            voice.info(EVENT)
            logging.getLogger("other").warning("said")
        voice.info(EVENT)
    voice.info(EVENT)
    assert [(line.get("run"), line.get("test")) for line in lines()] == [
        ("r1", "t2"),
        ("r1", "t2"),
        ("r1", "t1"),
        (None, None),
    ]


def test_the_context_is_restored_after_an_error(lines: Lines) -> None:
    with pytest.raises(KeyError), log.context(run="inner"):
        raise KeyError
    voice.info(EVENT)
    assert "run" not in lines()[0]


def test_a_fact_wins_over_the_context(lines: Lines) -> None:
    with log.context(pid=1):
        voice.info(EVENT, pid=2)
    assert lines()[0]["pid"] == 2


def test_threads_do_not_see_each_others_context(lines: Lines) -> None:
    together = threading.Barrier(4, timeout=60)

    def work(name: str) -> None:
        with log.context(**{name: name}):
            together.wait()
            voice.info(EVENT, who=name)
            together.wait()

    with log.context(main="main"):
        threads = [threading.Thread(target=work, args=(f"t{n}",)) for n in range(3)]
        for thread in threads:
            thread.start()
        together.wait()
        voice.info(EVENT, who="main")
        together.wait()
        for thread in threads:
            thread.join()
    assert len(lines()) == 4
    for line in lines():
        assert {key for key in ("main", "t0", "t1", "t2") if key in line} == {line["who"]}


def test_tasks_keep_what_they_were_started_under_and_leak_nothing(lines: Lines) -> None:
    async def work(name: str, other: asyncio.Event, own: asyncio.Event) -> None:
        with log.context(task=name):
            own.set()
            await other.wait()
            voice.info(EVENT, who=name)

    async def main() -> None:
        with log.context(run="r1"):
            first, second = asyncio.Event(), asyncio.Event()
            tasks = [asyncio.create_task(work("a", second, first)), asyncio.create_task(work("b", first, second))]
            await first.wait()
            voice.info(EVENT, who="main")
            await asyncio.gather(*tasks)
        voice.info(EVENT, who="after")

    asyncio.run(main())
    seen = {line["who"]: (line.get("run"), line.get("task")) for line in lines() if line["event"] == EVENT}
    assert seen == {"a": ("r1", "a"), "b": ("r1", "b"), "main": ("r1", None), "after": (None, None)}


def test_configuring_twice_writes_each_line_once(lines: Lines) -> None:
    stream = io.StringIO()
    for _ in range(3):
        log.configure(stream=stream)
    voice.warning(EVENT)
    assert len(stream.getvalue().splitlines()) == 1
    assert lines() == []


def test_without_a_stream_the_line_goes_to_what_stderr_is_by_then(capsys: pytest.CaptureFixture[str]) -> None:
    log.configure()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "stderr", io.StringIO())
        voice.warning(EVENT)
    voice.warning(EVENT)
    captured = capsys.readouterr()
    assert captured.err.count(EVENT) == 1
    assert captured.out == ""


@pytest.mark.parametrize(
    ("level", "ours", "foreign"),
    [
        ("debug", ["debug", "info", "warning", "error"], ["debug", "info", "warning", "error"]),
        ("info", ["info", "warning", "error"], ["warning", "error"]),
        ("warning", ["warning", "error"], ["warning", "error"]),
        ("error", ["error"], ["error"]),
    ],
)
def test_a_level_is_ours_and_others_are_heard_from_warning_on(level: str, ours: list[str], foreign: list[str]) -> None:
    stream = io.StringIO()
    log.configure(level=level, form="json", stream=stream)
    for name in log.LEVELS:
        getattr(voice, name)(EVENT)
        getattr(logging.getLogger("other"), name)("said")
    told = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert [line["level"] for line in told if line["event"] == EVENT] == ours
    assert [line["level"] for line in told if line["event"] == "said"] == foreign


@pytest.mark.parametrize(("level", "form"), [("loud", "text"), ("info", "xml")])
def test_an_unknown_level_or_form_is_refused_and_changes_nothing(level: str, form: str, lines: Lines) -> None:
    with pytest.raises(ConfigurationError) as caught:
        log.configure(level=level, form=form)
    assert "debug, info, warning, error" in caught.value.hint
    voice.info(EVENT)
    assert len(lines()) == 1


def test_a_log_file_is_for_its_owner_alone_appended_to_and_without_colours(tmp_path: Path) -> None:
    file = tmp_path / "log"
    for _ in range(2):
        log.configure(stream=io.StringIO(), file=file, color=True)
        voice.warning(EVENT, said="\ud800é")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert file.read_text().count(EVENT) == 2
    assert "\x1b" not in file.read_text()


def test_a_log_file_without_a_directory_is_told_with_the_command_that_makes_it(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="No such file") as caught:
        log.configure(file=tmp_path / "no" / "log")
    assert caught.value.hint == f"mkdir -p {tmp_path / 'no'}"


def test_a_directory_is_no_log_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="Is a directory") as caught:
        log.configure(file=tmp_path)
    assert caught.value.hint == "name a file that can be written"


def test_caplog_shows_the_event_its_facts_and_where_it_was_logged(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("INFO"), log.context(run="r1"):
        voice.debug(EVENT)
        voice.info(EVENT, pid=7)
    assert caplog.messages == ["proc.start pid=7 run='r1'"]
    assert caplog.records[0].msg["event"] == EVENT  # type: ignore[index]
    assert caplog.records[0].filename == Path(__file__).name
    assert caplog.records[0].funcName == test_caplog_shows_the_event_its_facts_and_where_it_was_logged.__name__


def test_caplog_shows_the_traceback(caplog: pytest.LogCaptureFixture) -> None:
    voice.error(EVENT, exc_info=ValueError("because"))
    assert caplog.messages[0].splitlines()[-1] == "ValueError: because"


def test_importing_and_configuring_do_not_import_structlog() -> None:
    code = (
        "import sys; from armadillo import log; log.configure(); log.get_logger('a').info('proc.start')\n"
        "sys.exit('structlog' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
