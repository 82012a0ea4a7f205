"""`python -m trust.files.fuzz TARGET [libFuzzer's options]`: coverage-guided fuzzing of one target.

Needs the package atheris. A find does not end the run: the first input of every kind of find is
kept in the folder that --finds names, and belongs into the corpus of the tests once it is mended.
"""

from __future__ import annotations

import hashlib
import resource
import sys
import traceback
from pathlib import Path
from random import Random

import atheris

with atheris.instrument_imports(include=["seegrad"]):
    import seegrad as sg
    from trust.files.fuzz_targets import PLACE, TARGETS


MOST_MEMORY = 3 * 2**30


def kind_of(error: BaseException) -> str:
    """Errors from one place are one find."""
    places = traceback.extract_tb(error.__traceback__)
    return f"{type(error).__name__} {[(p.filename, p.lineno) for p in places[-3:]]}"


def main() -> None:
    if len(sys.argv) < 2 or sys.argv[1] not in TARGETS:
        raise SystemExit(f"name a target: {' '.join(TARGETS)}")
    name = sys.argv.pop(1)
    target, known = TARGETS[name], set[str]()
    finds = next((a.removeprefix("--finds=") for a in sys.argv if a.startswith("--finds=")), ".")
    begin = PLACE / "seeds"
    begin.mkdir()
    for k, raw in enumerate(target.seeds()):
        (begin / str(k)).write_bytes(raw)
    words = PLACE / "words"
    shown = ("".join(f"\\x{b:02x}" for b in word.encode()) for word in target.words)
    words.write_text("".join(f'"{word}"\n' for word in shown))
    sys.argv = [a for a in sys.argv if not a.startswith("--finds=")]
    sys.argv += [f"-dict={words}", f"-artifact_prefix={finds}/{name}-", str(begin)]

    def once(raw: bytes) -> None:
        try:
            target.feed(raw)
        except sg.SeegradError:
            pass
        except Exception as error:
            kind = kind_of(error)
            if kind not in known:
                known.add(kind)
                mark = hashlib.sha256(kind.encode()).hexdigest()[:8]
                (Path(finds) / f"{name}-{mark}").write_bytes(raw)
                print(f"find {mark}: {error!r:.200} at {kind}", file=sys.stderr, flush=True)

    def mutated(raw: bytes, most: int, seed: int) -> bytes:
        rng = Random(seed)

        def blur(piece: bytes) -> bytes:
            return bytes(atheris.Mutate(piece, max(len(piece) + 16, 64)))

        return (blur(raw) if rng.random() < 0.5 else target.inside(raw, rng, blur))[:most]

    # what a model computes may be large; beyond this it is told that there is no memory
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    atheris.Setup(sys.argv, once, custom_mutator=mutated)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
