"""`ais architectures add`: a program is run once, when it is asked for, and the network that it makes is kept."""

import json
import os
import sys

import pytest

# What `model.to_json()` of Keras gives for a network of two layers; a real Keras is not needed to hand it over.
PROGRAM = '''
import json
import pathlib

title = "Two layers"
include = True


class Model:
    def to_json(self):
        def layer(kind, name, settings, *sources):
            nodes = [[[source, 0, 0, {}] for source in sources]] if sources else []
            return {"class_name": kind, "name": name, "config": {"name": name, **settings}, "inbound_nodes": nodes}

        layers = [
            layer("InputLayer", "input_1", {"batch_input_shape": [None, *self.shape]}),
            layer("Conv2D", "a", {"filters": 6, "kernel_size": [5, 5], "padding": "same", "activation": "relu"}, "input_1"),
            layer("Conv2D", "b", {"filters": 1, "kernel_size": [1, 1], "padding": "same", "activation": "sigmoid"}, "a"),
        ]
        return json.dumps({"class_name": "Functional", "config": {
            "name": "m", "layers": layers, "input_layers": [["input_1", 0, 0]], "output_layers": [["b", 0, 0]]}})


def create(input_shape):
    with open(pathlib.Path(__file__).parent / "runs", "a") as file:
        file.write("run ")
    model = Model()
    model.shape = input_shape
    return model
'''


@pytest.fixture
def home(tmp_path):
    """An environment whose settings lie in a fresh folder."""
    return {**os.environ, "XDG_CONFIG_HOME": str(tmp_path / "config")}


def test_a_program_is_run_once_and_only_when_it_is_added(ais, tmp_path, home):
    program = tmp_path / "two.py"
    program.write_text(PROGRAM)
    added = json.loads(ais("architectures", "add", program, "--python", sys.executable, "--json", env=home))
    assert added["title"] == "Two layers" and added["parameters"] == 25 * 6 + 6 + 6 + 1
    program.unlink()
    listed = json.loads(ais("architectures", "--json", env=home))["architectures"]
    (mine,) = [entry for entry in listed if entry["isUsers"]]
    assert mine["name"] == "Two layers" and mine["sideMultiple"] == 1
    assert (tmp_path / "runs").read_text() == "run "
    assert ais.run("architectures", "remove", "two layers", env=home).returncode == 0
    assert not any(e["isUsers"] for e in json.loads(ais("architectures", "--json", env=home))["architectures"])


def test_an_architecture_is_not_replaced_unasked(ais, tmp_path, home):
    program = tmp_path / "two.py"
    program.write_text(PROGRAM)
    arguments = ("architectures", "add", program, "--python", sys.executable)
    ais(*arguments, env=home)
    done = ais.run(*arguments, env=home)
    assert done.returncode == 1 and "--force" in done.stderr
    ais(*arguments, "--force", env=home)
    program.write_text(PROGRAM.replace("Two layers", "VGGNet M"))
    done = ais.run(*arguments, env=home)
    assert done.returncode == 1 and "'VGGNet M' of its own" in done.stderr


@pytest.mark.parametrize(
    "text, words",
    [
        ("import nothing_of_that_name\n", "nothing_of_that_name"),
        ("title = 'X'\n", "create(input_shape)"),
        ("def create(input_shape):\n    return 3\n", "no Keras model"),
    ],
)
def test_what_a_program_says_when_it_fails_is_told(ais, tmp_path, home, text, words):
    program = tmp_path / "broken.py"
    program.write_text(text)
    done = ais.run("architectures", "add", program, "--python", sys.executable, env=home)
    assert done.returncode == 1 and words in done.stderr
    assert not (tmp_path / "config").exists()


def test_a_python_that_is_not_there_is_named(ais, tmp_path, home):
    program = tmp_path / "two.py"
    program.write_text(PROGRAM)
    done = ais.run("architectures", "add", program, "--python", "no-such-python", env=home)
    assert done.returncode == 1 and "no-such-python" in done.stderr
