import importlib.util
import io
import marshal
import subprocess
import sys
from pathlib import Path

import pytest

from armadillo.engine import bytecode


def test_byte_code_runs_even_when_its_source_says_something_else(tmp_path: Path) -> None:
    module = tmp_path / "answer.py"
    cached = Path(importlib.util.cache_from_source(str(module)))
    cached.parent.mkdir()
    module.write_text("VALUE = 1\n")
    cached.write_bytes(bytecode.compiled(b"VALUE = 2\n", str(module)))
    asked = [sys.executable, "-c", "import answer; print(answer.VALUE, answer.__file__)"]
    told = subprocess.run(asked, cwd=tmp_path, capture_output=True, text=True)
    assert told.stdout.split() == ["2", str(module)]


def test_what_is_no_python_has_no_byte_code() -> None:
    assert bytecode.compiled(b"print 'old'\n", "/old.py") == b""
    assert bytecode.compiled(b"\0", "/nothing.py") == b""


def test_a_fresh_process_answers_in_order_and_the_same_each_time() -> None:
    wanted = [("b.py", b"B = {1, 2, 'x'}\n"), ("a.py", b"def a(): return frozenset('abc')\n")]
    command = [sys.executable, "-I", "-S", bytecode.__file__]
    once, again = (subprocess.run(command, input=marshal.dumps(wanted), capture_output=True).stdout for _ in range(2))
    assert once == again
    assert [path for path, _ in marshal.loads(once)] == ["b.py", "a.py"]
    assert all(code.startswith(importlib.util.MAGIC_NUMBER) for _, code in marshal.loads(once))


def test_what_is_read_is_what_is_compiled(monkeypatch: pytest.MonkeyPatch) -> None:
    source, target = io.BytesIO(marshal.dumps([("a.py", b"A = 1\n")])), io.BytesIO()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(source))
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(target))
    bytecode.main()
    assert marshal.loads(target.getvalue()) == [("a.py", bytecode.compiled(b"A = 1\n", "/a.py"))]
