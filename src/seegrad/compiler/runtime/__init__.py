"""LLVM text → functions that run: the compiler of text, threads, state, and the executable."""
