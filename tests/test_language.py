"""Speaking two languages: a message keeps its template and values, a translation is a look-up."""

from __future__ import annotations

import copy
import re

import numpy as np
import pytest

import seegrad as sg
from seegrad.i18n import catalogue, set_language, tr, translate, with_particles


@pytest.fixture
def korean():
    set_language("ko")
    yield
    set_language("en")


def test_a_filled_sentence_finds_its_counterpart():
    message = tr("the inner sizes {left} and {right} differ", left=3, right=2)
    assert message == "the inner sizes 3 and 2 differ"
    said = translate(message, "ko")
    assert said == "안쪽 크기 3과 2가 다릅니다"
    assert translate("matmul: " + message, "ko") == f"matmul: {said}"
    assert translate(said, "en") == message


def test_a_message_keeps_its_template_and_values():
    message = "matmul: " + tr("{what} has {count}", what=tr("the result"), count=3)
    assert (message.before, message.template) == ("matmul: ", "{what} has {count}")
    assert message.values == {"what": "the result", "count": 3}
    assert translate(message, "ko") == "matmul: 결과 has 3"
    assert copy.copy(message).template == message.template


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
    said = tr("the inner sizes {left} and {right} differ", "ko", left="{name}", right=2)
    assert "{name}" in said


def test_what_has_no_counterpart_stays_english():
    assert translate("no such sentence", "ko") == "no such sentence"
    message = tr("the inner sizes {left} and {right} differ", left=3, right=2)
    assert translate(message, "en").startswith("the inner")


@pytest.mark.usefixtures("korean")
def test_an_error_speaks_korean():
    x = sg.tensor([[1.0, 2.0, 3.0]], name="x")
    with pytest.raises(sg.SeegradError) as caught:
        x @ x
    message = str(caught.value)
    assert message.startswith("matmul: 안쪽 크기 3과 1이 다릅니다")
    assert "해결: 둘째를 전치하세요" in message or "둘째를 전치하세요" in message


def raised(call):
    with pytest.raises(sg.SeegradError) as caught:
        call()
    return caught.value


def test_a_short_sentence_takes_no_other_for_its_own():
    error = raised(lambda: np.pad(sg.tensor([1.0]), 1, mode="median"))
    said = translate(error.problem, "ko")
    assert said == "numpy.pad with mode='median': 텐서에는 정의되어 있지 않습니다"
    assert tr("{name} of shape {shape}", "ko", name="x", shape=(3,)) == "형상이 (3,)인 x"
    assert tr("{count} of shape {shape}", "ko", count=3, shape=(3,)) == "형상 (3,)에서 3개"


def test_sizes_of_memory_and_what_they_are_for_are_told_in_korean():
    assert tr("at most {memory}", "ko", memory="22.8 GiB") == "22.8 GiB 이하"
    what = tr("a result of {inputs}", inputs="x (3,) float64")
    said = tr("{memory} for {what}", "ko", memory="8 TiB", what=what)
    assert said == "x (3,) float64의 결과에 8 TiB"
    what = tr("a Jacobian of shape {shape}", shape=(3, 2))
    said = tr("{memory} for {what}", "ko", memory="24 EiB", what=what)
    assert said.startswith("형상이 (3, 2)인")
    error = raised(lambda: sg.add(np.ones(2), np.ones(3)))
    said = translate(error.problem, "ko")
    assert said == "add: 형상 (2,), (3,): 서로 맞지 않습니다"
