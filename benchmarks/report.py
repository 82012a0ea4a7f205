"""The figures where people read them: tables in the READMEs, pages in the documents, pictures.

`latest.json` beside this file keeps the figures of the last runs; what is not measured anew stays
as it was. Nothing is measured here, and no figure in these places is typed by hand.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks import curves
from benchmarks.harness import OURS
from benchmarks.scaling import COMPILING, CONTENDERS

HERE = Path(__file__).parent
ROOT = HERE.parent
LATEST = HERE / "latest.json"
MARKS = re.compile(r"(<!-- figures -->\n).*?(<!-- /figures -->)", re.DOTALL)
PEERS = {
    "numpy": "NumPy", "torch": "PyTorch", "jax (jit)": "JAX jit", "jax (scan)": "JAX scan",
    "autograd": "autograd", "mygrad": "MyGrad", "micrograd": "micrograd",
    "torch.compile": "torch.compile",
}  # fmt: skip
TITLES: Mapping[str, tuple[str, str]] = {
    "P1": ("784-50-10, sigmoid, batch 100, whole epochs",
           "784-50-10, sigmoid, 배치 100, 에폭 전체"),
    "P2": ("784-512-512-10, ReLU, Adam, batch 128, whole epochs",
           "784-512-512-10, ReLU, Adam, 배치 128, 에폭 전체"),
    "P3": ("64-32-10, ReLU, batch 32, whole epochs", "64-32-10, ReLU, 배치 32, 에폭 전체"),
    "P3b": ("the same, one call a step", "같은 것, 한 걸음에 호출 한 번"),
    "P4": ("eager, 21 small operations, forward and backward",
           "즉시 실행, 작은 연산 21개, 순전파와 역전파"),
    "P5": ("sigmoid of 10⁷ numbers as ×, exp, +, ÷, forward and backward",
           "수 10⁷개의 ×, exp, +, ÷로 쓴 sigmoid, 순전파와 역전파"),
    "P6": ("micrograd's moons net, written with scalars", "스칼라로 쓴 micrograd의 moons 신경망"),
    "P6b": ("the same net on 100 points, compiled, whole epochs",
            "같은 신경망, 점 100개, 컴파일, 에폭 전체"),
    "P7": ("first call of P1's step, compiling included", "P1 한 걸음의 첫 호출, 컴파일 포함"),
    "P8": ("import", "import"),
    "P9": ("a chain of 10⁶ nodes, forward, backward, freed", "노드 10⁶개 사슬, 순전파·역전파·해제"),
    "P10": ("Hessian of P1's loss times a vector", "P1 손실의 헤세 행렬과 벡터의 곱"),
    "P13": ("RK4, 64 equations, 200 steps of scan, with gradient",
            "RK4, 방정식 64개, scan 200걸음, 미분 포함"),
    "P13b": ("LSTM of 64 over 140 steps, batch 20, with gradient",
             "너비 64의 LSTM, 140걸음, 배치 20, 미분 포함"),
    "LENET": ("LeNet, 28×28, batch 64", "LeNet, 28×28, 배치 64"),
    "GRU": ("GRU of 128 over 32 characters, batch 32", "글자 32개에 대한 너비 128의 GRU, 배치 32"),
    "TRANSFORMER": ("Transformer block, width 128, 64 positions, batch 16",
                    "Transformer 블록, 너비 128, 자리 64개, 배치 16"),
    "GATE": ("an eager step whose mini-batch is copied where it comes in, and is not",
             "미니배치를 들어올 때 복사하는 즉시 실행 한 걸음과 복사하지 않는 한 걸음"),
    "MASKED": ("compiled derivative of where(x > 0, log(x), 0), with 0·∞ as 0 and without",
               "where(x > 0, log(x), 0)의 컴파일한 미분, 0·∞를 0으로 칠 때와 아닐 때"),
}  # fmt: skip
WORDS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "head": "| | work | seegrad | peers (times slower) | target |",
        "met": "met", "missed": "not met", "title": "How the cost of a training step grows",
        "batch": "batch", "width": "width", "depth": "depth", "threads": "threads",
        "who": "who", "median": "median", "quartiles": "quartiles", "against": "against seegrad",
        "machine": "Measured by `python -m benchmarks --write` on", "page": "Performance",
        "lead": "Each table is one run in which all took turns; what counts are the ratios.",
        "grow": "How cost grows", "first": "first call",
        "units": "Microseconds a step; the first call, once, in milliseconds.",
        "summary": "Medians of `make bench`, each row one run in which all took turns, on"
        " {cores} cores of {cpu} (NumPy {numpy}, PyTorch {torch}, JAX {jax}).",
        "peak": "P1 runs at {share} of the measured peak of its threads; the book's 10,000 steps"
        " take {book} s.",
        "more": "Spreads, and how cost grows with batch, width, depth and threads:"
        " [performance](docs/performance.md).",
    },
    "ko": {
        "head": "| | 작업 | seegrad | 다른 것 (몇 배 느린가) | 목표 |",
        "met": "달성", "missed": "미달", "title": "학습 한 걸음의 비용이 커지는 모습",
        "batch": "배치", "width": "너비", "depth": "깊이", "threads": "스레드",
        "64 wide, ReLU, batch 64": "너비 64, ReLU, 배치 64",
        "64-w-w-10, ReLU, batch 64": "64-w-w-10, ReLU, 배치 64",
        "784-512-512-10, ReLU, batch 128": "784-512-512-10, ReLU, 배치 128",
        "who": "누가", "median": "중앙값", "quartiles": "사분위", "against": "seegrad에 견주어",
        "machine": "`python -m benchmarks --write`로 잰 기계:", "page": "성능",
        "lead": "표마다 한 번의 실행에서 번갈아 쟀습니다. 뜻이 있는 것은 비율입니다.",
        "grow": "비용이 커지는 모습", "first": "첫 호출",
        "units": "한 걸음의 마이크로초. 첫 호출은 한 번뿐이며 밀리초입니다.",
        "summary": "`make bench`의 중앙값이며, 줄마다 한 번의 실행에서 번갈아 쟀습니다."
        " 기계는 {cpu}의 {cores}코어입니다(NumPy {numpy}, PyTorch {torch}, JAX {jax}).",
        "peak": "P1은 스레드들의 측정된 최고 속도의 {share}로 돌며,"
        " 책의 10,000걸음은 {book}초 걸립니다.",
        "more": "흩어진 정도와, 배치·너비·깊이·스레드에 따라 비용이 커지는 모습은"
        " [성능](docs/ko/performance.md)에 있습니다.",
    },
}  # fmt: skip
SCALES = {"s": 1.0, "ms": 1e3, "µs": 1e6}


def write(about: Mapping[str, str], results: Sequence[Mapping[str, Any]]) -> list[Path]:
    """Keep the new figures and write all that shows them; the files that were written."""
    known = json.loads(LATEST.read_text()) if LATEST.exists() else {"results": {}}
    known["machine"] = dict(about)
    known["results"] |= {r["key"]: _lean(r) for r in results}
    LATEST.write_text(json.dumps(known, indent=1, ensure_ascii=False) + "\n")
    return list(_rendered(known["machine"], known["results"]))


def _lean(result: Mapping[str, Any]) -> dict[str, Any]:
    """A result without the rounds of its timings."""
    timings = {
        name: {"median": t["median"], "quartiles": t["quartiles"]}
        for name, t in result["timings"].items()
    }
    return {**result, "timings": timings}


def _rendered(about: Mapping[str, str], results: Mapping[str, Any]) -> Iterator[Path]:
    for lang, end in (("en", ""), ("ko", ".ko")):
        words = WORDS[lang]
        readme = ROOT / f"README{end}.md"
        table = "\n".join([*_table(results, lang), "", *_summary(about, results, lang)])
        text = readme.read_text("utf-8")
        assert MARKS.search(text), f"{readme.name} has no place for figures"
        readme.write_text(MARKS.sub(rf"\g<1>{table}\n\g<2>", text), "utf-8")
        yield readme
        page = ROOT / "docs" / ("ko" if lang == "ko" else "") / "performance.md"
        page.write_text("\n".join(_page(about, results, lang)) + "\n", "utf-8")
        yield page
        for theme, mark in (("light", ""), ("dark", ".dark")):
            if "SCALE" in results:
                picture = ROOT / "docs" / "pictures" / f"scaling{end}{mark}.svg"
                panels = [_shown(c) for c in results["SCALE"]["curves"]]
                picture.write_text(curves.drawn(panels, {**PEERS, **words}, theme), "utf-8")
                yield picture


def _shown(curve: Mapping[str, Any]) -> dict[str, Any]:
    rows = {name: curve["seconds"][name] for name in CONTENDERS if name in curve["seconds"]}
    return {**curve, "seconds": rows}


# --------------------------------------------------------------- tables


def _table(results: Mapping[str, Any], lang: str) -> Iterator[str]:
    yield WORDS[lang]["head"]
    yield "|---|---|---|---|---|"
    for key, titles in TITLES.items():
        if OURS in (result := results.get(key, {"timings": {}}))["timings"]:
            ours = result["timings"][OURS]["median"]
            peers = ", ".join(_peers(result, ours))
            cells = (key, titles[lang == "ko"], _time(ours, result["unit"]), peers,
                     _targets(result, lang))  # fmt: skip
            yield f"| {' | '.join(cells)} |"


def _summary(
    about: Mapping[str, str], results: Mapping[str, Any], lang: str
) -> Iterator[str]:
    words, facts = WORDS[lang], results.get("P1", {}).get("facts", {})
    yield words["summary"].format(**about)
    if "share of the peak" in facts:
        yield words["peak"].format(share=facts["share of the peak"],
                                   book=facts["10,000 steps, s"])  # fmt: skip
    yield words["more"]
    if "SCALE" in results:
        end = "" if lang == "en" else ".ko"
        place = f"docs/pictures/scaling{end}"
        yield ""
        yield "<picture>"
        yield f'  <source media="(prefers-color-scheme: dark)" srcset="{place}.dark.svg">'
        yield f'  <img alt="{words["title"]}" src="{place}.svg">'
        yield "</picture>"


def _peers(result: Mapping[str, Any], ours: float) -> Iterator[str]:
    others = {n: t["median"] for n, t in result["timings"].items() if n in PEERS}
    for name, median in sorted(others.items(), key=lambda pair: pair[1]):
        yield f"{PEERS[name]} {_times(median / ours)}"


def _targets(result: Mapping[str, Any], lang: str) -> str:
    found = []
    for target in result["targets"]:
        if target["found"] is not None:
            word = WORDS[lang]["met" if target["found"] >= target["factor"] else "missed"]
            found.append(f"{target['factor']:g}× ({word})")
    return ", ".join(found)


def _times(ratio: float) -> str:
    return f"{ratio:.0f}×" if ratio >= 20 else f"{ratio:.1f}×" if ratio >= 3 else f"{ratio:.2f}×"


def _time(seconds: float, unit: str) -> str:
    value = seconds * SCALES[unit]
    return f"{value:.0f} {unit}" if value >= 100 else f"{value:.3g} {unit}"


def _page(about: Mapping[str, str], results: Mapping[str, Any], lang: str) -> Iterator[str]:
    words, end = WORDS[lang], "" if lang == "en" else ".ko"
    up = "" if lang == "en" else "../"
    yield f"# {words['page']}\n"
    yield f"{words['lead']}\n"
    yield f"{words['machine']} {', '.join(f'{k} {v}' for k, v in about.items())}.\n"
    if "SCALE" in results:
        yield f"## {words['grow']}\n"
        yield f"![{words['title']}]({up}pictures/scaling{end}.svg)\n"
        yield f"{words['units']}\n"
        for curve in results["SCALE"]["curves"]:
            yield from _curve(curve, lang)
    for key, result in results.items():
        if result["timings"]:
            yield from _details(key, result, lang)


def _curve(curve: Mapping[str, Any], lang: str) -> Iterator[str]:
    words = WORDS[lang]
    about = words.get(curve["about"], curve["about"])
    yield f"**{words[curve['axis']]}** ({about})\n"
    yield f"| | {' | '.join(map(str, curve['places']))} |"
    yield "|---" * (len(curve["places"]) + 1) + "|"
    for name, row in curve["seconds"].items():
        scale = 1e3 if name == COMPILING else 1e6
        label = f"seegrad, {words['first']}" if name == COMPILING else PEERS.get(name, name)
        cells = ("" if t is None else f"{t * scale:.3g}" if t * scale < 100 else
                 f"{t * scale:.0f}" for t in row)  # fmt: skip
        yield f"| {label} | {' | '.join(cells)} |"
    yield ""


def _details(key: str, result: Mapping[str, Any], lang: str) -> Iterator[str]:
    words, scale = WORDS[lang], SCALES[result["unit"]]
    title = TITLES[key][lang == "ko"] if key in TITLES else result["title"]
    yield f"## {key}: {title}\n"
    yield f"| {words['who']} | {words['median']}, {result['unit']} | {words['quartiles']} |" \
        f" {words['against']} |"  # fmt: skip
    yield "|---|---|---|---|"
    ours = result["timings"].get(OURS, {}).get("median")
    for name, t in sorted(result["timings"].items(), key=lambda pair: pair[1]["median"]):
        low, high = t["quartiles"]
        ratio = _times(t["median"] / ours) if ours else ""
        yield (f"| {PEERS.get(name, name)} | {t['median'] * scale:.4g} |"
               f" {low * scale:.4g} … {high * scale:.4g} | {ratio} |")  # fmt: skip
    yield ""
    for name, value in result["facts"].items():
        yield f"- {name}: {value}"
    for target in result["targets"]:
        if target["found"] is not None:
            word = words["met" if target["found"] >= target["factor"] else "missed"]
            peer = PEERS.get(target["peer"], target["peer"])
            yield f"- ≥ {target['factor']:g}× {peer}: {target['found']:.2f}×, {word}"
    yield ""
