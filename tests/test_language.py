"""Speaking two languages: errors are recognised by the words around their values."""

from __future__ import annotations

import re

import pytest

import seegrad as sg
from seegrad.i18n import catalogue, set_language, translate, with_particles


@pytest.fixture
def korean():
    set_language("ko")
    yield
    set_language("en")


def test_a_filled_sentence_finds_its_counterpart():
    said = translate("the inner sizes 3 and 2 differ", "ko")
    assert said == "안쪽 크기 3과 2가 다릅니다"
    assert translate("matmul: the inner sizes 3 and 2 differ", "ko") == f"matmul: {said}"


@pytest.mark.parametrize(("value", "said"), [
    ("사과", "사과는 사과가 사과를 사과와 사과로"), ("귤", "귤은 귤이 귤을 귤과 귤로"),
    ("값", "값은 값이 값을 값과 값으로"), (10, "10은 10이 10을 10과 10으로"),
    ((2, 5), "(2, 5)는 (2, 5)가 (2, 5)를 (2, 5)와 (2, 5)로"), (7, "7은 7이 7을 7과 7로"),
    ("W", "W은(는) W이(가) W을(를) W과(와) W(으)로"),
])  # fmt: skip
def test_korean_particles_fit_what_stands_before_them(value, said):
    template = "{x}은(는) {x}이(가) {x}을(를) {x}과(와) {x}(으)로"
    assert with_particles(template, {"x": value}).format(x=value) == said


def test_no_counterpart_fixes_a_particle_that_its_value_decides():
    fixed = re.compile(r"\}[^\w\s{}]?(은|는|이|가|을|를|과|와|로|으로)(?=[\s,.]|$)")
    assert [spoken for spoken in catalogue("ko").values() if fixed.search(spoken)] == []


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
    assert message.startswith("matmul: 안쪽 크기 3과 1이 다릅니다")
    assert "해결: 둘째를 전치하세요" in message or "둘째를 전치하세요" in message


def test_a_short_sentence_takes_no_other_for_its_own():
    said = translate("numpy.pad with mode='wrap' is not defined for tensors", "ko")
    assert said == "numpy.pad with mode='wrap': 텐서에는 정의되어 있지 않습니다"
    assert translate("x of shape (3,)", "ko") == "형상이 (3,)인 x"
    assert translate("3 of shape (3,)", "ko") == "형상 (3,)에서 3개"


def test_sizes_of_memory_and_what_they_are_for_are_told_in_korean():
    assert translate("at most 22.8 GiB", "ko") == "22.8 GiB 이하"
    said = translate("8 TiB for a result of x (3,) float64", "ko")
    assert said == "x (3,) float64의 결과에 8 TiB"
    said = translate("24 EiB for a Jacobian of shape (3, 2)", "ko")
    assert said.startswith("형상이 (3, 2)인")
    said = translate("add: the shapes (2,), (3,) do not fit together", "ko")
    assert said == "add: 형상 (2,), (3,): 서로 맞지 않습니다"
