"""Fixtures for tests that run the built program as a process and look at its files with readers we did not write."""

import os
import pathlib
import subprocess
import sys

import pytest

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
# Runs a command to its end and prints the kilobytes that it held at most.
PEAK_MEMORY = """
import os, sys
_, status, usage = os.wait4(os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ), 0)
print(usage.ru_maxrss)
sys.exit(os.waitstatus_to_exitcode(status))
"""
SHARED = REPOSITORY.parent / "shared" / "data"


class Ais:
    """The program under test; `AIS_PROGRAM` names another build than `.build/release/ais`."""

    def __init__(self, path: pathlib.Path):
        self.path = path

    def run(self, *arguments, timeout: float = 300, **options) -> subprocess.CompletedProcess:
        """Runs the program and returns what came back, whatever its exit code."""
        command = [str(self.path), *(str(argument) for argument in arguments)]
        return subprocess.run(command, capture_output=True, text=True, timeout=timeout, **options)

    def __call__(self, *arguments, **options) -> str:
        """Runs the program, which has to succeed, and returns its standard output."""
        done = self.run(*arguments, **options)
        assert done.returncode == 0, (
            f"'{' '.join(map(str, done.args))}' ended with {done.returncode}:\n{done.stdout}{done.stderr}"
        )
        return done.stdout

    def peak_memory(self, *arguments) -> int:
        """Runs the program, which has to succeed, and returns the most bytes that it ever held."""
        # From a small process: a new one's peak starts from that of the process it was started from.
        command = [sys.executable, "-S", "-c", PEAK_MEMORY, str(self.path), *(str(argument) for argument in arguments)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, f"'{' '.join(command[4:])}' failed:\n{done.stdout}{done.stderr}"
        return int(done.stdout.splitlines()[-1]) << 10


@pytest.fixture(scope="session")
def ais() -> Ais:
    path = pathlib.Path(os.environ.get("AIS_PROGRAM", REPOSITORY / ".build" / "release" / "ais")).resolve()
    if not path.is_file():
        pytest.fail(f"'{path}' does not exist. Run 'make build' first, or name the program in AIS_PROGRAM.")
    return Ais(path)


@pytest.fixture(scope="session")
def repository() -> pathlib.Path:
    return REPOSITORY


@pytest.fixture(scope="session")
def keras_python() -> pathlib.Path:
    """A Python with Keras: `AIS_KERAS_PYTHON`, or the one that 'make check-keras' has installed; the test is skipped without."""
    if named := os.environ.get("AIS_KERAS_PYTHON"):
        return pathlib.Path(named)
    cache = os.environ.get("AIS_CACHE") or pathlib.Path(os.environ.get("XDG_CACHE_HOME", pathlib.Path.home() / ".cache")) / "ais"
    for environment in sorted(pathlib.Path(cache, "python").glob("*/complete")):
        if list(environment.parent.glob("lib/python3*/site-packages/keras")):
            return environment.parent / "bin" / "python"
    pytest.skip("no Python with Keras: 'make check-keras' installs one, or name it in AIS_KERAS_PYTHON")


@pytest.fixture(scope="session")
def shared() -> pathlib.Path:
    """Other people's files, beside the checkout; the test is skipped, visibly, where they are missing."""
    if not SHARED.is_dir():
        pytest.skip(f"'{SHARED}' is not there")
    return SHARED
