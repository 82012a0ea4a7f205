"""Much of everything: steps, threads, shapes, sizes, workers that die."""
