// What a reader can do by a button or a key: the names that bar, drawer and keyboard share.

export type Actions = {
  first: () => void;
  back: () => void;
  play: () => void;
  next: () => void;
  last: () => void;
  zoomIn: () => void;
  zoomOut: () => void;
  fit: () => void;
  quiz: () => void;
  language: () => void;
  dark: () => void;
  more: () => void;
  search: () => void;
  constants: () => void;
  path: () => void;
  overlay: () => void;
  present: () => void;
  escape: () => void;
};
