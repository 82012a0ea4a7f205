"""The second volume read once more, in NumPy alone: values forwards, derivatives by hand.

Nothing of seegrad is imported here. A model has `P`, its parameters in float64, each once, and
`step(x, t)`, which gives the loss and the gradients in the order of `P`.
"""

from __future__ import annotations

import numpy as np


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def softmax(x):
    e = np.exp(x - x.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def cross_entropy(scores, labels, counts=None):
    """The mean over the rows that count, and the derivative by the scores."""
    y = softmax(scores)
    counts = np.ones(len(labels), bool) if counts is None else counts
    rows = np.flatnonzero(counts)
    loss = -np.log(y[rows, labels[rows]]).mean()
    d = y.copy()
    d[rows, labels[rows]] -= 1
    d[~counts] = 0
    return loss, d / len(rows)


def right_or_wrong(scores, truth):
    y = sigmoid(scores)
    loss = -np.mean(np.where(truth, np.log(y), np.log(1 - y)))
    return loss, (y - truth) / len(scores)


# ------------------------------------------------------------------ sequences


def rnn(xs, h, Wx, Wh, b):
    hs = []
    for t in range(xs.shape[1]):
        h = np.tanh(xs[:, t] @ Wx + h @ Wh + b)
        hs.append(h)
    return np.stack(hs, 1)


def rnn_back(xs, h0, hs, dhs, Wx, Wh):
    dxs, dWx, dWh, db, dh = np.zeros_like(xs), 0, 0, 0, 0
    for t in reversed(range(xs.shape[1])):
        before = hs[:, t - 1] if t else h0
        da = (dhs[:, t] + dh) * (1 - hs[:, t] ** 2)
        dWx, dWh, db = dWx + xs[:, t].T @ da, dWh + before.T @ da, db + da.sum(0)
        dxs[:, t], dh = da @ Wx.T, da @ Wh.T
    return dxs, dh, [dWx, dWh, db]


def lstm(xs, h, c, Wx, Wh, b):
    H, tape, hs = Wh.shape[0], [], []
    for t in range(xs.shape[1]):
        a = xs[:, t] @ Wx + h @ Wh + b
        f, g, i, o = (a[:, k * H : k * H + H] for k in range(4))
        f, g, i, o = sigmoid(f), np.tanh(g), sigmoid(i), sigmoid(o)
        new = f * c + g * i
        tape.append((h, c, f, g, i, o, new))
        h, c = o * np.tanh(new), new
        hs.append(h)
    return np.stack(hs, 1), h, c, tape


def lstm_back(xs, tape, dhs, Wx, Wh):
    dxs, dWx, dWh, db, dh, dc = np.zeros_like(xs), 0, 0, 0, 0, 0
    for t in reversed(range(xs.shape[1])):
        h, c, f, g, i, o, new = tape[t]
        arriving, bent = dhs[:, t] + dh, np.tanh(new)
        inside = dc + arriving * o * (1 - bent**2)
        da = np.hstack([
            inside * c * f * (1 - f), inside * i * (1 - g**2), inside * g * i * (1 - i),
            arriving * bent * o * (1 - o),
        ])
        dWx, dWh, db = dWx + xs[:, t].T @ da, dWh + h.T @ da, db + da.sum(0)
        dxs[:, t], dh, dc = da @ Wx.T, da @ Wh.T, inside * f
    return dxs, dh, [dWx, dWh, db]


def gru(xs, h, Wx, Wh, b):
    H, hs = Wh.shape[0], []
    cut = [slice(0, H), slice(H, 2 * H), slice(2 * H, None)]
    for t in range(xs.shape[1]):
        given = xs[:, t] @ Wx + b
        z = sigmoid(given[:, cut[0]] + h @ Wh[:, cut[0]])
        r = sigmoid(given[:, cut[1]] + h @ Wh[:, cut[1]])
        h = (1 - z) * h + z * np.tanh(given[:, cut[2]] + (r * h) @ Wh[:, cut[2]])
        hs.append(h)
    return np.stack(hs, 1)


def attend(enc, dec):
    steps = range(dec.shape[1])
    weights = np.stack([softmax((enc * dec[:, t, None]).sum(2)) for t in steps], 1)
    return np.stack([(enc * weights[:, t, :, None]).sum(1) for t in steps], 1), weights


def attend_back(enc, dec, weights, dout):
    denc, ddec = np.zeros_like(enc), np.zeros_like(dec)
    for t in range(dec.shape[1]):
        a = weights[:, t]
        da = (dout[:, t, None] * enc).sum(2)
        ds = a * (da - (a * da).sum(1, keepdims=True))
        denc += a[:, :, None] * dout[:, t, None] + ds[:, :, None] * dec[:, t, None]
        ddec[:, t] = (ds[:, :, None] * enc).sum(1)
    return denc, ddec


def scattered(W, ids, d):
    g = np.zeros_like(W)
    np.add.at(g, ids, d)
    return g


# ------------------------------------------------------------------ models


class Model:
    def __init__(self, params):
        self.P = [np.array(p, np.float64) for p in params]


class TwoLayer(Model):
    def step(self, x, t):
        W1, b1, W2, b2 = self.P
        z = sigmoid(x @ W1 + b1)
        loss, d = cross_entropy(z @ W2 + b2, t.argmax(1))
        da = d @ W2.T * z * (1 - z)
        return loss, [x.T @ da, da.sum(0), z.T @ d, d.sum(0)]


class OneHotCBOW(Model):
    def step(self, contexts, target):
        W_in, W_out = self.P
        both = contexts.sum(1)
        h = both @ W_in * 0.5
        loss, d = cross_entropy(h @ W_out, target.argmax(1))
        return loss, [both.T @ (d @ W_out.T * 0.5), h.T @ d]


class OneHotSkipGram(Model):
    def step(self, contexts, target):
        W_in, W_out = self.P
        h = target @ W_in
        pairs = [cross_entropy(h @ W_out, contexts[:, k].argmax(1)) for k in (0, 1)]
        d = pairs[0][1] + pairs[1][1]
        return pairs[0][0] + pairs[1][0], [target.T @ (d @ W_out.T), h.T @ d]


class Sampling(Model):
    """What CBOW and SkipGram share: the words that are drawn, and the loss against them."""

    def __init__(self, params, corpus, sample_size=5):
        super().__init__(params)
        counts = np.bincount(corpus) ** 0.75
        self.p, self.size = counts / counts.sum(), sample_size

    def judged(self, h, target):
        """(loss, dh, dW_out)."""
        W = self.P[1]
        drawn = []
        for word in target:
            p = self.p.copy()
            p[word] = 0
            drawn.append(np.random.choice(len(p), self.size, replace=False, p=p / p.sum()))
        loss, dh, dW = 0, 0, 0
        for k in range(self.size + 1):
            ids = target if k == 0 else np.array(drawn)[:, k - 1]
            part, d = right_or_wrong((W[ids] * h).sum(1), np.full(len(ids), k == 0))
            loss, dh = loss + part, dh + d[:, None] * W[ids]
            dW = dW + scattered(W, ids, d[:, None] * h)
        return loss, dh, dW


class CBOW(Sampling):
    def step(self, contexts, target):
        W_in = self.P[0]
        loss, dh, dW = self.judged(W_in[contexts].mean(1), target)
        d = np.repeat(dh[:, None] / contexts.shape[1], contexts.shape[1], 1)
        return loss, [scattered(W_in, contexts, d), dW]


class SkipGram(Sampling):
    def step(self, contexts, target):
        W_in = self.P[0]
        loss, dh, dW = 0, 0, 0
        for k in range(contexts.shape[1]):
            one = self.judged(W_in[target], contexts[:, k])
            loss, dh, dW = loss + one[0], dh + one[1], dW + one[2]
        return loss, [scattered(W_in, target, dh), dW]


def top(hs, ts, W, b):
    """Scores, loss and derivatives of an Affine over time and its softmax."""
    flat = hs.reshape(-1, hs.shape[-1])
    loss, d = cross_entropy(flat @ W + b, ts.reshape(-1))
    return loss, (d @ W.T).reshape(hs.shape), [flat.T @ d, d.sum(0)]


class SimpleRnnlm(Model):
    h = None

    def step(self, xs, ts):
        E, Wx, Wh, b, W, c = self.P
        h0 = np.zeros((len(xs), len(Wh))) if self.h is None else self.h
        x = E[xs]
        hs = rnn(x, h0, Wx, Wh, b)
        self.h = hs[:, -1]
        loss, dhs, last = top(hs, ts, W, c)
        dx, _, inner = rnn_back(x, h0, hs, dhs, Wx, Wh)
        return loss, [scattered(E, xs, dx), *inner, *last]


class Rnnlm(Model):
    state = None

    def step(self, xs, ts):
        E, Wx, Wh, b, W, c = self.P
        x = E[xs]
        hs, h, cell, tape = lstm(x, *self.begin(len(xs)), Wx, Wh, b)
        self.state = h, cell
        loss, dhs, last = top(hs, ts, W, c)
        dx, _, inner = lstm_back(x, tape, dhs, Wx, Wh)
        return loss, [scattered(E, xs, dx), *inner, *last]

    def begin(self, batch):
        return self.state or (np.zeros((batch, len(self.P[2]))),) * 2

    def perplexity(self, corpus, batch, time):
        self.state, losses = None, []
        jump = (len(corpus) - 1) // batch
        for k in range((len(corpus) - 1) // (batch * time)):
            rows = [[(n * jump + k * time + t) for t in range(time)] for n in range(batch)]
            xs, ts = corpus[np.array(rows)], corpus[np.array(rows) + 1]
            losses.append(self.step(xs, ts)[0])
        return np.exp(np.mean(losses))


class BetterRnnlm(Model):
    """E, Wx1, Wh1, b1, Wx2, Wh2, b2, b: the last product is with the transpose of E."""

    states = None
    ratio = 0.5

    def mask(self, x):
        return (np.random.rand(*x.shape) > self.ratio) / (1 - self.ratio)

    def step(self, xs, ts):
        E, Wx1, Wh1, b1, Wx2, Wh2, b2, b = self.P
        zero = (np.zeros((len(xs), len(Wh1))),) * 2
        first, second = self.states or (zero, zero)
        x = E[xs]
        m0 = self.mask(x)
        x0 = x * m0
        h1, *one, tape1 = lstm(x0, *first, Wx1, Wh1, b1)
        m1 = self.mask(h1)
        x1 = h1 * m1
        h2, *two, tape2 = lstm(x1, *second, Wx2, Wh2, b2)
        m2 = self.mask(h2)
        self.states = one, two
        loss, d, (dW, db) = top(h2 * m2, ts, E.T, b)
        d, _, g2 = lstm_back(x1, tape2, d * m2, Wx2, Wh2)
        d, _, g1 = lstm_back(x0, tape1, d * m1, Wx1, Wh1)
        return loss, [scattered(E, xs, d * m0) + dW.T, *g1, *g2, db]


class Seq2seq(Model):
    """Encoder's E, Wx, Wh, b and decoder's E, Wx, Wh, b, W, c."""

    peeky = False

    def step(self, xs, ts):
        eE, eWx, eWh, eb, dE, dWx, dWh, db, W, c = self.P
        zero, n, H = np.zeros((len(xs), len(eWh))), len(xs), len(eWh)
        x, y = eE[xs], dE[ts[:, :-1]]
        _, h, _, etape = lstm(x, zero, zero, eWx, eWh, eb)
        seen = np.repeat(h[:, None], y.shape[1], 1)[:, :, : H if self.peeky else 0]
        y = np.concatenate([seen, y], 2)
        dhs, _, _, dtape = lstm(y, h, zero, dWx, dWh, db)
        loss, d, last = top(np.concatenate([seen, dhs], 2), ts[:, 1:], W, c)
        wide = seen.shape[2]
        dy, dh, dec = lstm_back(y, dtape, d[:, :, wide:], dWx, dWh)
        if self.peeky:
            dh = dh + (d[:, :, :wide] + dy[:, :, :wide]).sum(1)
        back = np.zeros((n, xs.shape[1], H))
        back[:, -1] = dh
        dx, _, enc = lstm_back(x, etape, back, eWx, eWh)
        return loss, [scattered(eE, xs, dx), *enc,
                      scattered(dE, ts[:, :-1], dy[:, :, wide:]), *dec, *last]


class AttentionSeq2seq(Model):
    def encoded(self, xs):
        E, Wx, Wh, b = self.P[:4]
        zero = np.zeros((len(xs), len(Wh)))
        hs, _, _, tape = lstm(E[xs], zero, zero, Wx, Wh, b)
        return hs, tape

    def encoder_back(self, xs, tape, d):
        E, Wx, Wh, _ = self.P[:4]
        dx, _, g = lstm_back(E[xs], tape, d, Wx, Wh)
        return [scattered(E, xs, dx), *g]

    def step(self, xs, ts):
        E, Wx, Wh, b, W, c = self.P[-6:]
        enc, etape = self.encoded(xs)
        y, H = E[ts[:, :-1]], enc.shape[2]
        dec, _, _, tape = lstm(y, enc[:, -1], np.zeros((len(xs), H)), Wx, Wh, b)
        looked, self.weights = attend(enc, dec)
        loss, d, last = top(np.concatenate([looked, dec], 2), ts[:, 1:], W, c)
        denc, ddec = attend_back(enc, dec, self.weights, d[:, :, :H])
        dy, dh, inner = lstm_back(y, tape, d[:, :, H:] + ddec, Wx, Wh)
        denc[:, -1] += dh
        own = [scattered(E, ts[:, :-1], dy), *inner, *last]
        return loss, [*self.encoder_back(xs, etape, denc), *own]


class AttentionBiSeq2seq(AttentionSeq2seq):
    """The encoder's E, then Wx, Wh, b from the left and from the right."""

    def encoded(self, xs):
        x = self.P[0][xs]
        zero = np.zeros((len(xs), len(self.P[2])))
        left, _, _, one = lstm(x, zero, zero, *self.P[1:4])
        right, _, _, two = lstm(x[:, ::-1], zero, zero, *self.P[4:7])
        return np.concatenate([left, right[:, ::-1]], 2), (one, two)

    def encoder_back(self, xs, tapes, d):
        x, H = self.P[0][xs], d.shape[2] // 2
        dx, _, g = lstm_back(x, tapes[0], d[:, :, :H], *self.P[1:3])
        dr, _, r = lstm_back(x[:, ::-1], tapes[1], d[:, ::-1, H:], *self.P[4:6])
        return [scattered(self.P[0], xs, dx + dr[:, ::-1]), *g, *r]


# ------------------------------------------------------------------ steps


def shortened(grads, most):
    size = np.sqrt(sum((g**2).sum() for g in grads))
    return [g * min(1, most / (size + 1e-6)) for g in grads]


def sgd(lr=0.01):
    def update(P, G):
        for p, g in zip(P, G):
            p -= lr * g

    return update


def adam(lr=0.001, b1=0.9, b2=0.999):
    kept, times = {}, [0]

    def update(P, G):
        times[0] += 1
        rate = lr * np.sqrt(1 - b2 ** times[0]) / (1 - b1 ** times[0])
        for k, (p, g) in enumerate(zip(P, G)):
            m, v = kept.get(k, (0, 0))
            m, v = b1 * m + (1 - b1) * g, b2 * v + (1 - b2) * g**2
            kept[k] = m, v
            p -= rate * m / (np.sqrt(v) + 1e-7)

    return update


def trained(model, update, x, t, epochs, batch, most=None):
    """The losses of shuffled mini-batches, in the order of `np.random`."""
    losses = []
    for _ in range(epochs):
        order = np.random.permutation(len(x))
        x, t = x[order], t[order]
        for k in range(len(x) // batch):
            part = slice(k * batch, (k + 1) * batch)
            losses.append(stepped(model, update, x[part], t[part], most))
    return losses


def stepped(model, update, x, t, most=None):
    loss, grads = model.step(x, t)
    update(model.P, grads if most is None else shortened(grads, most))
    return loss


def read_along(model, update, xs, ts, epochs, batch, time, most=None):
    """The losses along a corpus, whose rows begin evenly spread."""
    losses, at = [], 0
    begins = [n * (len(xs) // batch) for n in range(batch)]
    for _ in range(epochs * (len(xs) // (batch * time))):
        places = np.array([[(b + at + k) % len(xs) for k in range(time)] for b in begins])
        losses.append(stepped(model, update, xs[places], ts[places], most))
        at += time
    return losses
