"""Where the reference program is, and whether it can start."""

import ctypes
import pathlib
import sys

WANTED = "Tools/reference/requirements.txt"


def reference_program() -> pathlib.Path:
    """The command `ais` of ais-cryoet beside this interpreter; ends the script with a sentence if it cannot run."""
    program = pathlib.Path(sys.executable).parent / "ais"
    if not program.exists():
        sys.exit(f"'{program}' is missing. Run this script with the Python that 'Scripts/python-env {WANTED}' prints.")
    # It loads its windows and menus even for work without any.
    try:
        import tkinter  # noqa: F401
    except ImportError:
        sys.exit("The reference program needs Python's tkinter. On Debian: sudo apt-get install python3-tk")
    try:
        ctypes.CDLL("libGL.so.1")
    except OSError:
        sys.exit("The reference program needs OpenGL's library. On Debian: sudo apt-get install libgl1")
    return program
