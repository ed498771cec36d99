"""Text that other people put into files: whatever it holds, a terminal shows it and does not obey it."""

import errno
import io
import json
import os
import pathlib
import pty
import re
import shutil
import subprocess
import tarfile
import unicodedata

import mrcfile
import numpy as np
import pytest

FIXTURES = pathlib.Path(__file__).resolve().parents[1] / "Fixtures"
MODEL = FIXTURES / "segment" / "flat-global.scnm"

# Clears the screen, changes the window's title, moves back to overwrite, breaks the line, C1's control sequence and next
# line, delete, Unicode's separators, and marks that turn the direction of writing.
HOSTILE = "A\x1b[2J\x1b]0;owned\x07\rB\nC\x9b31mD\x85\x7f\u2028\u2029\u202aE\u202eF\u2066G\u2069\u200fZ"
# What a label of an MRC file and the name of a file can hold of it.
HOSTILE_ASCII = "A\x1b[2J\rB\nais: error: forged\x07\x7fZ"
HOSTILE_NAME = "A\x1b[2J\rB\nC\u202eD\u2066\x9bZ"


def active(text: str, allowed: str = "\n") -> list:
    """The characters of `text` that a terminal would obey."""
    marks = set("\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
    return [c for c in text if c not in allowed and (unicodedata.category(c) in ("Cc", "Zl", "Zp") or c in marks)]


def check_harmless(done: subprocess.CompletedProcess, code: int = 0) -> str:
    assert done.returncode == code, done.stdout + done.stderr
    text = done.stdout + done.stderr
    assert active(text) == []
    return text


def hostile_model(path: pathlib.Path, title: str = HOSTILE) -> pathlib.Path:
    """A working model whose title and other words are hostile."""
    with tarfile.open(MODEL) as source, tarfile.open(path, "w") as target:
        for member in source.getmembers():
            data = source.extractfile(member).read()
            if member.name.endswith("_metadata.json"):
                metadata = json.loads(data)
                metadata["title"] = title
                for key, value in metadata.items():
                    if isinstance(value, str) and key not in ("title", "colour"):
                        metadata[key] = value + HOSTILE
                data = json.dumps(metadata).encode()
            member.size = len(data)
            target.addfile(member, io.BytesIO(data))
    return path


@pytest.fixture
def tomogram(tmp_path, repository) -> pathlib.Path:
    path = tmp_path / "TS_01.mrc"
    with mrcfile.open(repository / "Examples" / "cell_c.mrc") as source, mrcfile.new(path) as file:
        file.set_data(source.data[20:24, 40:100, 30:110])
        file.voxel_size = 10
    return path


def set_label(path: pathlib.Path, text: str):
    with open(path, "r+b") as file:
        file.seek(220)
        file.write((1).to_bytes(4, "little") + text.encode("latin-1").ljust(80))


def test_a_hostile_title_is_shown_and_not_obeyed(ais, tmp_path):
    model = hostile_model(tmp_path / "m.scnm")
    for command in (["models", "info", "--layers"], ["info"], ["models", "info"]):
        text = check_harmless(ais.run(*command, model))
        shown = [line for line in text.splitlines() if line.startswith("  title")]
        assert len(shown) == 1 and "\\u001B[2J" in shown[0] and "B\\nC\\u009B31mD" in shown[0] and "\\u202EF" in shown[0]


@pytest.mark.parametrize("command", [["models", "info", "--json"], ["info", "--json"]])
def test_json_of_a_hostile_title_is_harmless_and_says_the_same(ais, tmp_path, command):
    done = ais.run(*command, hostile_model(tmp_path / "m.scnm"))
    check_harmless(done)
    document = json.loads(done.stdout)
    assert HOSTILE in values(document)


def values(document) -> list:
    """Every string of a document."""
    if isinstance(document, dict):
        return [text for value in document.values() for text in values(value)]
    if isinstance(document, list):
        return [text for value in document for text in values(value)]
    return [document] if isinstance(document, str) else []


def test_a_hostile_layer_is_refused_in_one_harmless_line(ais, tmp_path):
    import h5py

    path = tmp_path / "net.h5"
    entry = {"class_name": "InputLayer", "name": "in", "inbound_nodes": [],
             "config": {"name": "in", "batch_input_shape": [None, 64, 64, 1], "dtype": "float32"}}
    layer = {"class_name": "Lambda" + HOSTILE, "name": "layer" + HOSTILE, "inbound_nodes": [[["in", 0, 0, {}]]],
             "config": {"name": "layer" + HOSTILE}}
    config = {"class_name": "Functional", "config": {
        "name": "model", "layers": [entry, layer], "input_layers": [["in", 0, 0]],
        "output_layers": [["layer" + HOSTILE, 0, 0]]}}
    with h5py.File(path, "w") as file:
        file.attrs["model_config"] = json.dumps(config)
        file.attrs["keras_version"] = "2.15.0"
        file.create_group("model_weights").attrs["layer_names"] = []
    done = ais.run("models", "info", path)
    text = check_harmless(done, 1)
    assert len(text.splitlines()) == 1 and "\\u001B[2J" in text, text


def test_hostile_labels_of_a_tomogram_are_shown_and_not_obeyed(ais, tomogram):
    set_label(tomogram, HOSTILE_ASCII)
    for command in (["info"], ["info", "--check"], ["header", "--voxel-size", "12A"], ["header", "--remove-labels"]):
        text = check_harmless(ais.run(*command, tomogram))
        assert not any(line.startswith("ais: error: forged") for line in text.splitlines())
        if "--voxel-size" not in command:
            # A label is plain text by definition: the reader itself puts question marks for what is not.
            assert "A?[2J?B?ais: error: forged??Z" in text
    set_label(tomogram, HOSTILE_ASCII)
    check_harmless(ais.run("info", "--json", tomogram))


def test_a_hostile_file_name_is_shown_and_not_obeyed(ais, tmp_path, tomogram):
    hostile = tmp_path / (HOSTILE_NAME + ".mrc")
    shutil.copy(tomogram, hostile)
    shown = "A\\u001B[2J\\rB\\nC\\u202ED\\u2066\\u009BZ"
    out = tmp_path / "out"
    assert shown in check_harmless(ais.run("info", hostile))
    assert shown in check_harmless(ais.run("info", "--check", hostile))
    assert shown in check_harmless(ais.run("info", tmp_path))
    assert shown in check_harmless(ais.run("segment", "-m", MODEL, "-o", out, hostile))
    text = check_harmless(ais.run("segment", "-m", MODEL, "-o", out, "--json", "--force", hostile))
    assert any(str(hostile) in values(json.loads(line)) for line in text.splitlines())
    assert shown in check_harmless(ais.run("preview", hostile, "--plain", "-o", tmp_path / f"{HOSTILE_NAME}.png"))
    assert shown in check_harmless(ais.run("evaluate", hostile, hostile))
    assert shown in check_harmless(ais.run("header", hostile, "--voxel-size", "11A"))
    hostile.write_bytes(b"no tomogram")
    for command in (["info"], ["info", "--check"], ["segment", "-m", MODEL, "-o", out], ["header", "--voxel-size", "9A"],
                    ["models", "info"], ["preview", "-o", tmp_path / "a.png"]):
        assert shown in check_harmless(ais.run(*command, hostile), 1)
    hostile.unlink()
    for command in (["info"], ["segment", "-m", MODEL, "-o", out], ["segment", "-o", out, tomogram, "-m"]):
        assert shown in check_harmless(ais.run(*command, hostile), 1)


def test_a_hostile_argument_is_refused_in_harmless_words(ais):
    for arguments in (["info", "a.mrc", "--x" + HOSTILE], ["x" + HOSTILE], ["header", "a.mrc", "--voxel-size", HOSTILE]):
        done = ais.run(*arguments)
        text = check_harmless(done, 2)
        assert "\\u001B[2J" in text and "B\\nC\\u009B31m" in text


def test_segmenting_with_a_hostile_title_is_harmless_on_a_terminal_too(ais, tmp_path, tomogram):
    model = hostile_model(tmp_path / "m.scnm")
    hostile = tmp_path / (HOSTILE_NAME + ".mrc")
    shutil.copy(tomogram, hostile)
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [ais.path, "segment", "-m", model, "-o", tmp_path / "out", "--name", "{stem}_x", hostile],
        stdin=theirs, stdout=theirs, stderr=theirs, env={**os.environ, "TERM": "xterm"})
    os.close(theirs)
    data = b""
    while True:
        try:
            piece = os.read(ours, 65536)
        except OSError as error:
            assert error.errno == errno.EIO  # Linux's way to say that the other end was closed
            break
        if not piece:
            break
        data += piece
    os.close(ours)
    assert process.wait(timeout=60) == 0, data
    # Our own: back to the start of the line, clear the line.
    text = re.sub("\r\x1b\\[K", "", data.decode())
    assert active(text.replace("\r\n", "\n")) == []
    assert "\\u001B[2J" in text


def test_nothing_is_printed_past_the_one_place_that_makes_it_harmless(repository):
    past = re.compile(r"(?<![.\w])(?<!func )(Swift\.)?print\(|FileHandle\.standard|\bfputs\(|STD(OUT|ERR)_FILENO")
    files = [f for f in (repository / "Sources").rglob("*.swift") if f.name != "Terminal.swift"]
    assert len(files) > 100
    for file in files:
        for number, line in enumerate(file.read_text().splitlines(), 1):
            assert not past.search(line), f"{file}:{number}: print through Terminal: '{line.strip()}'"
