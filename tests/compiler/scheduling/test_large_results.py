"""Results so large that they go past the caches, in rows that do not begin at whole vectors."""

from __future__ import annotations

import numpy as np
import pytest

import seegrad as sg


@pytest.mark.parametrize("columns", [3000, 3072, 3001])
def test_a_product_seen_in_another_shape_is_cut_inside_of_its_rows(columns):
    """The copy behind a product takes the product's cut: each row of it begins by itself."""
    chance = np.random.default_rng(0)
    x = chance.standard_normal((20, 35, 4)).astype(np.float32)
    W = chance.standard_normal((4, columns)).astype(np.float32)
    product = sg.compile(
        lambda x, W: sg.matmul(x.reshape(700, 4), W).reshape(20, 35, columns), threads=2
    )
    np.testing.assert_allclose(product(x, W).value, x @ W, rtol=1e-5, atol=1e-5)
