// The words of playgrounds and films, English and Korean; they join the page's where these are.

import { WORDS } from "../words.ts";

export const TRAINING_WORDS: typeof WORDS = {
  moment: ["Recorded step", "기록한 학습 단계"],
  playFilm: ["Play the recorded steps", "기록한 단계 재생"],
  train: ["Train", "학습"],
  stop: ["Stop", "멈춤"],
  oneStep: ["One step", "한 단계"],
  restart: ["Reset", "처음부터"],
  "choose data": ["Data", "데이터"],
  "choose width": ["Width", "너비"],
  "choose depth": ["Hidden layers", "은닉층"],
  "choose activation": ["Activation", "활성화 함수"],
  moons: ["two moons", "두 반달"],
  rings: ["two rings", "두 고리"],
  xor: ["XOR", "XOR"],
  spiral: ["spiral", "나선"],
  sigmoid: ["sigmoid", "sigmoid"],
  relu: ["ReLU", "ReLU"],
  neurons: [
    "The network: a line for each weight, as wide as it is large, dashed when negative",
    "신경망: 가중치마다 선 하나, 클수록 굵고 음수면 점선",
  ],
  boundary: ["The classes the network sees, and the data", "신경망이 나눈 클래스와 데이터"],
  diverged: [
    "The run has diverged: the loss grows instead of falling. Press Reset and choose a smaller learning rate.",
    "발산했습니다. 손실이 줄지 않고 커집니다. 처음부터를 누르고 학습률을 줄여 보세요.",
  ],
  wrongRate: ["must be a number above zero", "0보다 큰 수여야 합니다"],
  steps: ["steps", "단계"],
  loss: ["loss", "손실"],
  accuracy: ["accuracy", "정확도"],
};

Object.assign(WORDS, TRAINING_WORDS);
