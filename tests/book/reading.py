"""The book's networks read once more, in plain NumPy and loops: the independent road of the tests.

A layer is (forward, backward) over a dict of arrays; nothing here knows seegrad.
"""

from __future__ import annotations

import numpy as np


def affine(p, n):
    def forward(x, train):
        kept["x"], kept["shape"] = x.reshape(len(x), -1), x.shape
        return kept["x"] @ p[f"W{n}"] + p[f"b{n}"]

    def backward(d, g):
        g[f"W{n}"], g[f"b{n}"] = kept["x"].T @ d, d.sum(0)
        return (d @ p[f"W{n}"].T).reshape(kept["shape"])

    kept = {}
    return forward, backward


def relu():
    kept = {}

    def forward(x, train):
        kept["on"] = x > 0
        return x * kept["on"]

    return forward, lambda d, g: d * kept["on"]


def sigmoid():
    kept = {}

    def forward(x, train):
        kept["y"] = 1 / (1 + np.exp(-x))
        return kept["y"]

    return forward, lambda d, g: d * kept["y"] * (1 - kept["y"])


def dropout(ratio):
    kept = {}

    def forward(x, train):
        kept["by"] = np.random.rand(*x.shape) > ratio if train else 1 - ratio
        return x * kept["by"]

    return forward, lambda d, g: d * kept["by"]


def batch_norm(p, n, running):
    """By the whole Jacobian of the normalisation, column by column."""
    kept = {}

    def forward(x, train):
        if not train:
            mean, var = running[n]
            return p[f"gamma{n}"] * (x - mean) / np.sqrt(var + 1e-6) + p[f"beta{n}"]
        mean, var = x.mean(0), x.var(0)
        old = running.get(n, (0, 0))
        running[n] = 0.9 * old[0] + 0.1 * mean, 0.9 * old[1] + 0.1 * var
        kept["std"], kept["xn"] = np.sqrt(var + 1e-6), (x - mean) / np.sqrt(var + 1e-6)
        return p[f"gamma{n}"] * kept["xn"] + p[f"beta{n}"]

    def backward(d, g):
        xn, std, count = kept["xn"], kept["std"], len(d)
        g[f"gamma{n}"], g[f"beta{n}"] = (d * xn).sum(0), d.sum(0)
        back = np.empty_like(d)
        for j in range(d.shape[1]):
            jacobian = np.eye(count) - 1 / count - np.outer(xn[:, j], xn[:, j]) / count
            back[:, j] = jacobian @ (d[:, j] * p[f"gamma{n}"][j]) / std[j]
        return back

    return forward, backward


def _places(x, size, stride):
    for i in range((x.shape[2] - size) // stride + 1):
        for j in range((x.shape[3] - size) // stride + 1):
            here = slice(i * stride, i * stride + size), slice(j * stride, j * stride + size)
            yield i, j, (..., *here)


def convolution(p, n, stride=1, pad=0):
    kept = {}

    def forward(x, train):
        W, b = p[f"W{n}"], p[f"b{n}"]
        x = kept["x"] = np.pad(x, [(0, 0), (0, 0), (pad, pad), (pad, pad)])
        size = W.shape[-1]
        places = list(_places(x, size, stride))
        out = np.empty((len(x), len(W), places[-1][0] + 1, places[-1][1] + 1))
        for i, j, here in places:
            out[:, :, i, j] = np.tensordot(x[here], W, ([1, 2, 3], [1, 2, 3])) + b
        return out

    def backward(d, g):
        W, x = p[f"W{n}"], kept["x"]
        g[f"W{n}"], g[f"b{n}"] = np.zeros_like(W), d.sum((0, 2, 3))
        back = np.zeros(x.shape)
        for i, j, here in _places(x, W.shape[-1], stride):
            g[f"W{n}"] += np.tensordot(d[:, :, i, j], x[here], (0, 0))
            back[here] += np.tensordot(d[:, :, i, j], W, (1, 0))
        return back[:, :, pad : x.shape[2] - pad, pad : x.shape[3] - pad]

    return forward, backward


def pooling(size=2, stride=2):
    kept = {}

    def forward(x, train):
        kept["x"], places = x, list(_places(x, size, stride))
        out = np.empty((*x.shape[:2], places[-1][0] + 1, places[-1][1] + 1))
        for i, j, here in places:
            out[:, :, i, j] = x[here].max((2, 3))
        return out

    def backward(d, g):
        x, back = kept["x"], np.zeros(kept["x"].shape)
        for i, j, here in _places(x, size, stride):
            top = x[here] == x[here].max((2, 3), keepdims=True)
            back[here] += top / top.sum((2, 3), keepdims=True) * d[:, :, i : i + 1, j : j + 1]
        return back

    return forward, backward


class Reading:
    """A network of such layers; `decay` is λ of the weight decay."""

    def __init__(self, params, layers, decay=0.0):
        self.params, self.layers, self.decay = params, layers, decay

    def predict(self, x, train=False):
        for forward, _ in self.layers:
            x = forward(x, train)
        return x

    def loss(self, x, t, train=False):
        scores = self.predict(x, train)
        scores = scores - scores.max(1, keepdims=True)
        logs = scores - np.log(np.exp(scores).sum(1, keepdims=True))
        self.difference = (np.exp(logs) - np.eye(logs.shape[1])[t]) / len(t)
        decay = sum((w**2).sum() for name, w in self.params.items() if name[0] == "W")
        return -logs[np.arange(len(t)), t].mean() + 0.5 * self.decay * decay

    def gradient(self, x, t):
        self.loss(x, t, True)
        d, found = self.difference, {}
        for _, backward in reversed(self.layers):
            d = backward(d, found)
        for name, w in self.params.items():
            found[name] = found[name] + (self.decay * w if name[0] == "W" else 0)
        return found

    def accuracy(self, x, t):
        return (self.predict(x).argmax(1) == t).mean()


def fully(params, hidden, *, act=relu, norm=False, drop=None, decay=0.0):
    """The reading of MultiLayerNetExtend."""
    layers, running = [], {}
    for n in range(1, hidden + 1):
        layers.append(affine(params, n))
        layers += [batch_norm(params, n, running)] if norm else []
        layers.append(act())
        layers += [dropout(drop)] if drop is not None else []
    return Reading(params, [*layers, affine(params, hidden + 1)], decay)


def simple(params, **settings):
    """The reading of SimpleConvNet."""
    return Reading(params, [convolution(params, 1, **settings), relu(), pooling(),
                            affine(params, 2), relu(), affine(params, 3)])  # fmt: skip


def deep(params):
    """The reading of DeepConvNet."""
    layers = []
    for n in range(1, 7):
        layers += [convolution(params, n, pad=2 if n == 4 else 1), relu()]
        layers += [pooling()] if n % 2 == 0 else []
    return Reading(params, [*layers, affine(params, 7), relu(), dropout(0.5), affine(params, 8),
                            dropout(0.5)])  # fmt: skip


def descent(kind, lr, params, grads, memory):
    """One update of the optimizer `kind`, by the formulas of chapter 6."""
    memory["t"] = t = memory.get("t", 0) + 1
    for name, g in grads.items():
        m, v = memory.get(name, (0.0, 0.0))
        if kind == "sgd":
            step = -lr * g
        elif kind == "momentum":
            step = m = 0.9 * m - lr * g
        elif kind == "nesterov":
            step = 0.81 * m - 1.9 * lr * g
            m = 0.9 * m - lr * g
        elif kind == "adagrad":
            v = v + g * g
            step = -lr * g / (np.sqrt(v) + 1e-7)
        elif kind == "rmsprop":
            v = 0.99 * v + 0.01 * g * g
            step = -lr * g / (np.sqrt(v) + 1e-7)
        else:
            m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g * g
            step = -lr * np.sqrt(1 - 0.999**t) / (1 - 0.9**t) * m / (np.sqrt(v) + 1e-7)
        memory[name] = m, v
        params[name] = params[name] + step
