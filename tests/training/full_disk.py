"""A run on a real disk that gets full (see `test_checkpoints.py`): in a mount namespace of its own.

Called as: unshare --mount python full_disk.py FOLDER. Trains on a disk of 300 kB until it is full,
looks at what is left, makes room and goes on. Prints one JSON object.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
from safetensors import safe_open

from seegrad.cli import main
from seegrad.safetensors_file import load_arrays

WORDS = ["train", "--data", "digits", "--batch", "500", "--eager", "--save-every", "2"]


def mount(folder: Path, how: str) -> None:
    subprocess.run(["mount", "-t", "tmpfs", "-o", how, "tmpfs", str(folder)], check=True)


def look(folder: Path) -> list[int]:
    """The steps of the checkpoints, every tensor of each read by the official reader."""
    for path in folder.glob("checkpoints/*"):
        with safe_open(path, "np") as file:
            assert all(np.asarray(file.get_tensor(name)).size for name in list(file.keys()))
    return sorted(int(path.stem.removeprefix("step-")) for path in folder.glob("checkpoints/*"))


if __name__ == "__main__":
    disk = Path(sys.argv[1])
    disk.mkdir()
    mount(disk, "size=300k")
    run = ["--out", str(disk / "run"), "--keep", "9", "--json"]
    full = main([*WORDS, *run, "--steps", "1000"])
    left = look(disk / "run")
    mount(disk, "remount,size=4m")
    again = main([*WORDS, *run, "--steps", str(left[-1] + 3), "--resume"])
    whole = str(disk.with_name("whole"))
    main([*WORDS, "--out", whole, "--steps", str(left[-1] + 3), "--json"])
    one, other = (load_arrays(Path(f, "net.safetensors"))[0] for f in (disk / "run", whole))
    same = all(np.array_equal(one[name], value) for name, value in other.items())
    print(json.dumps({"full": full, "left": left, "again": again, "same": same}))
