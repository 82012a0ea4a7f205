"""Regression: how far diabetes has gone after a year, from ten measurements (scikit-learn's set).

Run: make diabetes, or python examples/field/diabetes.py where scikit-learn is installed.
Expect R² of about 0.5 on the held-out fifth (a linear model reaches 0.45), in some seconds.
"""

from __future__ import annotations

from sklearn.datasets import load_diabetes

from seegrad import nn, optim
from seegrad.data import Dataset
from seegrad.training import EarlyStopping, Lines, Trainer


def main() -> float:
    """Train, and return R² on the held-out part."""
    nn.seed(0)
    x, t = load_diabetes(return_X_y=True)
    train, test = Dataset(x, t[:, None], "diabetes").split(seed=0)
    train, test = train.standardised(), test.standardised(train)
    mean, spread = train.t.mean(), train.t.std()
    net = nn.Sequential(nn.Affine(10, 32), nn.ReLU(), nn.Dropout(0.2, seed=0), nn.Affine(32, 1))
    optimizer = optim.AdamW(net.parameters(), lr=0.003, weight_decay=0.05)
    trainer = Trainer(net, optimizer, nn.MSELoss(), [EarlyStopping(patience=20), Lines()])
    scaled = [(part.x, (part.t - mean) / spread) for part in (train, test)]
    trainer.fit(*scaled, epochs=200, batch=32)
    guessed = trainer.predict(test.x) * spread + mean
    left, whole = ((test.t - guessed) ** 2).sum(), ((test.t - test.t.mean()) ** 2).sum()
    return float(1 - left / whole)


if __name__ == "__main__":
    print(f"R² {main():.3f}")
