"""Make a root folder with an aarch64 Python for row A1: `python tools/emulated_arm64.py FOLDER`.

As root, on Debian: user-mode emulation, a minimal system, and the wheels of the dependencies.
Then `SEEGRAD_ARM64_ROOT=FOLDER python -m trust A1`. Takes some minutes.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

PACKAGES = ("qemu-user-static", "binfmt-support", "debootstrap")
WHEELS = ("numpy>=2.1", "click", "rich", "safetensors", "llvmlite", "pytest", "hypothesis")
PLATFORMS = ("manylinux2014_aarch64", "manylinux_2_17_aarch64", "manylinux_2_28_aarch64")


def run(*command: str) -> None:
    print("+", *command[:3], "...", flush=True)
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def release() -> str:
    """The name of the Debian release that this is."""
    lines = Path("/etc/os-release").read_text("utf-8").splitlines()
    found = dict(line.split("=", 1) for line in lines if "=" in line)
    return found["VERSION_CODENAME"].strip('"')


def unpack(root: Path) -> None:
    """The system's packages, unpacked and not set up: that is all that Python needs."""
    run("debootstrap", "--arch=arm64", "--foreign", "--variant=minbase",
        "--include=python3,ca-certificates", release(), str(root))  # fmt: skip
    for package in sorted((root / "var/cache/apt/archives").glob("*.deb")):
        subprocess.run(["dpkg-deb", "-x", package, root], check=True)


def install(site: Path) -> None:
    """The dependencies' wheels for aarch64."""
    version = f"{sys.version_info[0]}.{sys.version_info[1]}"
    with tempfile.TemporaryDirectory() as folder:
        platforms = [word for name in PLATFORMS for word in ("--platform", name)]
        run(sys.executable, "-m", "pip", "download", "--quiet", "--only-binary=:all:", "--dest",
            folder, "--python-version", version, *platforms, *WHEELS)  # fmt: skip
        for wheel in Path(folder).glob("*.whl"):
            with zipfile.ZipFile(wheel) as archive:
                archive.extractall(site)


def main() -> int:
    if len(sys.argv) != 2:
        print(__doc__)
        return 2
    root = Path(sys.argv[1])
    run("apt-get", "install", "-y", "-qq", "--no-install-recommends", *PACKAGES)
    run("update-binfmts", "--enable", "qemu-aarch64")
    unpack(root)
    install(root / "site")
    (root / "proc").mkdir(exist_ok=True)
    run("mount", "-t", "proc", "proc", str(root / "proc"))
    run("chroot", str(root), "python3", "-c", "import platform; print(platform.machine())")
    return 0


if __name__ == "__main__":
    sys.exit(main())
