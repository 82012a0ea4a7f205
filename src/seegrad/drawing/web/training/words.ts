// The words of playgrounds and films, in both languages; they join the page's where these are.

import { WORDS } from "../words.ts";

export const TRAINING_WORDS: typeof WORDS = {
  en: {
    moment: "Recorded step",
    playFilm: "Play the recorded steps",
    train: "Train",
    stop: "Stop",
    oneStep: "One step",
    restart: "Reset",
    "choose data": "Data",
    "choose width": "Width",
    "choose depth": "Hidden layers",
    "choose activation": "Activation",
    moons: "two moons",
    rings: "two rings",
    xor: "XOR",
    spiral: "spiral",
    sigmoid: "sigmoid",
    relu: "ReLU",
    neurons: "The network: a line for each weight, as wide as it is large, dashed when negative",
    boundary: "The classes the network sees, and the data",
    diverged:
      "The run has diverged: the loss grows instead of falling. Press Reset and choose a smaller learning rate.",
    wrongRate: "a number above zero",
    steps: "steps",
    loss: "loss",
    accuracy: "accuracy",
  },
  ko: {
    moment: "기록한 학습 단계",
    playFilm: "기록한 단계 재생",
    train: "학습",
    stop: "멈춤",
    oneStep: "한 단계",
    restart: "처음부터",
    "choose data": "데이터",
    "choose width": "너비",
    "choose depth": "은닉층",
    "choose activation": "활성화 함수",
    moons: "두 반달",
    rings: "두 고리",
    xor: "XOR",
    spiral: "나선",
    sigmoid: "sigmoid",
    relu: "ReLU",
    neurons: "신경망: 가중치마다 선 하나, 클수록 굵고 음수면 점선",
    boundary: "신경망이 나눈 클래스와 데이터",
    diverged: "발산했습니다. 손실이 줄지 않고 커집니다. 처음부터를 누르고 학습률을 줄여 보세요.",
    wrongRate: "0보다 큰 수",
    steps: "단계",
    loss: "손실",
    accuracy: "정확도",
  },
};

for (const [language, words] of Object.entries(TRAINING_WORDS))
  Object.assign(WORDS[language], words);
