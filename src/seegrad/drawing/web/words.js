// The page's words in both languages. Formulas and users' names are not words.

/** @type {Record<string, Record<string, string>>} */
export const WORDS = {
  en: {
    first: "To the start (Home)", back: "One step back (←)", play: "Play or pause (Space)",
    next: "One step on (→)", last: "To the end (End)", step: "Step", zoomIn: "Closer (+)",
    zoomOut: "Farther (−)", fit: "Whole picture (0)", language: "한국어 (L)", dark: "Light or dark (D)",
    quiz: "Quiz (Q)", search: "Search (/)", more: "More (M)", help: "Keys (?)", close: "Close (Esc)",
    openAll: "Open all", closeAll: "Close all", svg: "Save as SVG", png: "Save as PNG",
    overlay: "Overlay", none: "none", constants: "Show constants", path: "Only the path of what is pinned",
    start: "The inputs are given.", done: "Everything is known: values above, derivatives below.",
    forward: "Forward", backward: "Backward", sum: "The branches' derivatives add up", seed:
    "The derivative of the result by itself is 1, or what was sent in.", update: "Update",
    updateSays: "Each parameter moves a little against its derivative.",
    value: "value", derivative: "derivative", shape: "shape", mean: "mean", low: "least", high: "most",
    norm: "norm", bad: "NaN or ∞", edit: "Change the value", apply: "Recompute", reset: "As recorded",
    changed: "recomputed in the page", cannot: "This graph cannot be recomputed in the page",
    notNumber: "Not a number", blanks: "Fill in the derivatives", check: "Check", hint: "Hint",
    show: "Show the answers", right: "right", of: "of", noHint: "Multiply what arrives by the local derivative.",
    found: "found", moment: "Recorded step", train: "Train", stop: "Stop", rate: "Learning rate",
    steps: "steps", loss: "loss", accuracy: "accuracy", histogram: "How often", heat: "Heat map",
    keys: "→ ← step · Home End · Space play · + − 0 zoom · Enter open or pin · Esc close · Q quiz · L 한국어 · D dark · / search · O overlay · P path",
    born: "born here", picture: "Computational graph", given: "given", constant: "constant", same: "opened and closed give the same numbers",
    different: "opened and closed differ", made: "is made from",
  },
  ko: {
    first: "처음으로 (Home)", back: "한 단계 뒤로 (←)", play: "재생/멈춤 (Space)",
    next: "한 단계 앞으로 (→)", last: "끝으로 (End)", step: "단계", zoomIn: "크게 (+)",
    zoomOut: "작게 (−)", fit: "전체 보기 (0)", language: "English (L)", dark: "밝게/어둡게 (D)",
    quiz: "퀴즈 (Q)", search: "찾기 (/)", more: "더 보기 (M)", help: "단축키 (?)", close: "닫기 (Esc)",
    openAll: "모두 열기", closeAll: "모두 닫기", svg: "SVG로 저장", png: "PNG로 저장",
    overlay: "덧그림", none: "없음", constants: "상수 보이기", path: "고정한 것의 경로만",
    start: "입력이 주어졌습니다.", done: "모두 구했습니다. 위는 값, 아래는 미분입니다.",
    forward: "순전파", backward: "역전파", sum: "갈래마다 온 미분을 더합니다", seed:
    "결과를 자기 자신으로 미분하면 1입니다(또는 보낸 값).", update: "갱신",
    updateSays: "매개변수를 기울기의 반대 방향으로 조금 옮깁니다.",
    value: "값", derivative: "미분", shape: "형상", mean: "평균", low: "최소", high: "최대",
    norm: "크기", bad: "NaN 또는 ∞", edit: "값 바꾸기", apply: "다시 계산", reset: "기록한 값으로",
    changed: "페이지에서 다시 계산함", cannot: "이 그래프는 페이지에서 다시 계산할 수 없습니다",
    notNumber: "숫자가 아닙니다", blanks: "미분을 채워 보세요", check: "채점", hint: "도움말",
    show: "정답 보기", right: "정답", of: "/", noHint: "상류에서 온 값에 국소적 미분을 곱하세요.",
    found: "개 찾음", moment: "기록한 학습 단계", train: "학습", stop: "멈춤", rate: "학습률",
    steps: "단계", loss: "손실", accuracy: "정확도", histogram: "분포", heat: "히트맵",
    keys: "→ ← 단계 · Home End · Space 재생 · + − 0 확대/축소 · Enter 열기/고정 · Esc 닫기 · Q 퀴즈 · L English · D 어둡게 · / 찾기 · O 덧그림 · P 경로",
    born: "여기서 생김", picture: "계산 그래프", given: "주어짐", constant: "상수", same: "열어도 닫아도 같은 수입니다",
    different: "연 것과 닫은 것이 다릅니다", made: "의 재료:",
  },
};
