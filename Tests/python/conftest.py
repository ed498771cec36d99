"""Fixtures for tests that run the built program as a process and look at its files with readers we did not write."""

import os
import pathlib
import subprocess

import pytest

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
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
def shared() -> pathlib.Path:
    """Other people's files, beside the checkout; the test is skipped, visibly, where they are missing."""
    if not SHARED.is_dir():
        pytest.skip(f"'{SHARED}' is not there")
    return SHARED
