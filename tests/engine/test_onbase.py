import pytest

from armadillo.engine.onbase import refusal

NON_ZERO = "The command 'python3 -S install.py' returned a non-zero code: 1"


@pytest.mark.parametrize(
    ("words", "said", "told"),
    [
        ('failed to create: exec: "python3": executable file not found in $PATH: unknown', "", "it has no python3"),
        (NON_ZERO, "it has Python 3.9.2", "it has Python 3.9.2"),
        ("no space left on device", "Step 4/12 : COPY", "no space left on device"),
    ],
)
def test_a_failed_build_is_told_in_the_words_of_who_knows(words: str, said: str, told: str) -> None:
    error = refusal("some/base:1", words, said)
    assert str(error) == f"the stand-in cannot be built on some/base:1: {told}"
    assert "3.11" in error.hint
