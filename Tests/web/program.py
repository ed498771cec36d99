"""The program with a project of made-up tomograms, for tests of the page: the same slices at every binning, known to the voxel."""

import math
import os
import pathlib
import signal
import struct
import subprocess
import urllib.parse

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARY = pathlib.Path(os.environ.get("AIS_PROGRAM", ROOT / ".build" / "release" / "ais"))
WEB = ROOT / "Sources" / "AisServer" / "Resources" / "Web"
TOKEN = "testsofthepage0123456789abcdef"
SIDE, DEPTH = 256, 40


def value(z: float, y: float, x: float) -> float:
    """Waves and a dark disc in the middle, about zero: the same at every binning."""
    disc = -60 if (y - 128) ** 2 + (x - 128) ** 2 < 30**2 else 0
    return 20 * math.sin(x / 9 + z / 3) * math.cos(y / 11) + 10 * math.sin((x * 7 + y * 13 + z * 5) * 0.7) + disc


def voxels(depth: int, height: int, width: int, factor: int) -> bytes:
    """All values as half floats, by slices and rows."""
    def frame(p):
        return (p + 0.5) * factor - 0.5
    parts = []
    for z in range(depth):
        for y in range(height):
            parts.append(struct.pack(f"<{width}e", *(value(frame(z), frame(y), frame(x)) for x in range(width))))
    return b"".join(parts)


def write_mrc(path: pathlib.Path, data: bytes, depth: int, height: int, width: int, angstrom: float, mode: int = 12):
    """An MRC file of half floats; a voxel size of 0 is unknown. The label has the file's name, so that no two files are the same."""
    header = bytearray(1024)
    struct.pack_into("<10i", header, 0, width, height, depth, mode, 0, 0, 0, width, height, depth)
    struct.pack_into("<6f", header, 40, width * angstrom, height * angstrom, depth * angstrom, 90, 90, 90)
    struct.pack_into("<3i", header, 64, 1, 2, 3)
    header[208:212], header[212:216] = b"MAP ", b"\x44\x44\0\0"
    struct.pack_into("<i", header, 108, 20140)
    struct.pack_into("<i", header, 220, 1)
    header[224:304] = path.name.encode().ljust(80)
    path.write_bytes(bytes(header) + data)


def make_tomograms(folder: pathlib.Path, count: int = 12):
    """lam_001 … in `folder`; the first also denoised and binned by two, the second of unknown voxel size."""
    folder.mkdir(parents=True)
    patterns = {width: voxels(DEPTH, SIDE, width, 1) for width in (SIDE, SIDE + 32)}
    for number in range(1, count + 1):
        width = SIDE + 32 * ((number + 1) % 2)
        write_mrc(folder / f"lam_{number:03}.mrc", patterns[width], DEPTH, SIDE, width, 0 if number == 2 else 10)
    half = (DEPTH // 2, SIDE // 2, SIDE // 2)
    write_mrc(folder / "lam_001_denoised_bin2.mrc", voxels(*half, 2), *half, 20)


def make_whole_project(folder: pathlib.Path) -> pathlib.Path:
    """A project with the tomograms of `rec`."""
    subprocess.run([BINARY, "project", "new", folder / "Test.ais", *sorted((folder / "rec").iterdir()), "--versions", "-q"], check=True)
    return folder / "Test.ais"


def make_project(folder: pathlib.Path) -> pathlib.Path:
    """A project with the tomograms of `rec`, the last of which is gone from there afterwards."""
    project = make_whole_project(folder)
    max((folder / "rec").iterdir()).unlink()
    return project


def make_cells(folder: pathlib.Path) -> pathlib.Path:
    """A project with the tomogram 'cell_c.mrc' of the folder."""
    subprocess.run([BINARY, "project", "new", folder / "Cells.ais", folder / "cell_c.mrc", "-q"], check=True)
    return folder / "Cells.ais"


def require():
    """Says what to do where the program is not built."""
    assert BINARY.exists(), f"'{BINARY}' is not there: build it with 'make build', or name another in AIS_PROGRAM"


class Program:
    """A process of the program with one project."""

    def __init__(self, project: pathlib.Path, roots: list):
        self.project, self.roots, self.port, self.process = project, roots, 0, None
        self.state = project.parent / "state"
        self.token = TOKEN
        self.environment, self.options = {}, []

    def start(self):
        environment = {**os.environ, **self.environment, "AIS_TOKEN": TOKEN, "XDG_STATE_HOME": str(self.state), "XDG_DATA_HOME": str(self.state)}
        command = [BINARY, "app", self.project, "--port", str(self.port), "--no-open", *(word for root in self.roots for word in ("--root", root)), "--web-root", WEB, "--author", "Jo Visser", "-q", *self.options]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)
        # The address for a person to open, which has the token.
        self.entry = self.process.stdout.readline().strip()
        entry = urllib.parse.urlsplit(self.entry)
        assert entry.port, f"'ais app' did not start; it ended with {self.process.poll()}"
        self.port, self.key = entry.port, entry.path.split("/")[2]
        return self

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def cookie(self) -> str:
        """The cookie's name, which keeps servers on one host apart: FNV-1a of the token."""
        number, digits = 2166136261, ""
        for byte in TOKEN.encode():
            number = (number ^ byte) * 16777619 % 2**32
        while number:
            number, digit = divmod(number, 36)
            digits = "0123456789abcdefghijklmnopqrstuvwxyz"[digit] + digits
        return f"ais-{digits}"

    def cut(self):
        """Killed, as by a power cut."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def mend(self):
        """Started again at the same address."""
        self.start()

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
        self.process = None
