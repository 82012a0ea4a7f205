"""Speaking two languages: errors are recognised by the words around their values."""

from __future__ import annotations

import pytest

import seegrad as sg
from seegrad.language import speak, translate


@pytest.fixture
def korean():
    speak("ko")
    yield
    speak("en")


def test_a_filled_sentence_finds_its_counterpart():
    said = translate("the inner sizes 3 and 2 differ", "ko")
    assert said == "안쪽 크기 3과(와) 2이(가) 다릅니다"
    assert translate("matmul: the inner sizes 3 and 2 differ", "ko") == f"matmul: {said}"


def test_values_are_not_looked_into():
    assert "{name}" in translate("the inner sizes {name} and 2 differ", "ko")


def test_what_has_no_counterpart_stays_english():
    assert translate("no such sentence", "ko") == "no such sentence"
    assert translate("the inner sizes 3 and 2 differ", "en").startswith("the inner")


@pytest.mark.usefixtures("korean")
def test_an_error_speaks_korean():
    x = sg.tensor([[1.0, 2.0, 3.0]], name="x")
    with pytest.raises(sg.SeegradError) as caught:
        x @ x
    message = str(caught.value)
    assert message.startswith("matmul: 안쪽 크기 3과(와) 1이(가) 다릅니다")
    assert "해결: 둘째를 전치하세요" in message or "둘째를 전치하세요" in message
