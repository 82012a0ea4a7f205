"""Linear algebra: products of matrices, sums over named axes, systems of equations."""
