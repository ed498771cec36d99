"""Users' own models, classes in Python: added, trained, stored, used like any other model, and what becomes of bad ones."""

import io
import json
import os
import signal
import subprocess
import sys
import tarfile
import time

import mrcfile
import numpy as np
import pytest

from custom_models import LOGISTIC, variant
from test_train import SIDE, events, mrc_bytes, training_set


@pytest.fixture
def home(tmp_path):
    """An environment whose settings lie in a fresh folder."""
    return {**os.environ, "XDG_CONFIG_HOME": str(tmp_path / "config")}


@pytest.fixture(scope="module")
def rings(tmp_path_factory):
    return training_set(tmp_path_factory.mktemp("sets") / "rings.scnt")


def added(ais, folder, home, text=LOGISTIC, *more):
    program = folder / "program.py"
    program.write_text(text)
    return json.loads(ais("architectures", "add", program, "--python", sys.executable, "--json", *more, env=home))


def options(rings, output, *more, title="Logistic"):
    return ["train", rings, "-a", title, "-o", output, "--batch", "6", "--copies", "2", "--seed", "7", "--threads", "1", *more]


def tomogram(path, slices=3):
    """Slices with the same ring in each."""
    y, x = np.mgrid[:48, :64]
    ring = np.abs(np.hypot(y - 20, x - 30) - 6) < 1.5
    values = np.random.default_rng(1).normal(0, 0.4, (slices, 48, 64)) + 2 * ring
    with mrcfile.new(path) as file:
        file.set_data(values.astype(np.float32))
        file.voxel_size = 10.0
    return ring


def test_a_class_is_added_trained_and_used_like_any_model(ais, rings, tmp_path, home):
    assert added(ais, tmp_path, home)["parameters"] == 5
    (tmp_path / "program.py").unlink()
    (mine,) = [e for e in json.loads(ais("architectures", "--json", env=home))["architectures"] if e["isUsers"]]
    assert mine["name"] == "Logistic" and mine["program"] == "program.py" and mine["parameters"] == 5
    told = events(ais(*options(rings, tmp_path, "--epochs", "4", "--validation", "0.25", "--json"), env=home))
    epochs = [event for event in told if event["event"] == "epoch"]
    assert [event["epoch"] for event in epochs] == [1, 2, 3, 4]
    assert epochs[-1]["validation"]["loss"] < epochs[0]["validation"]["loss"] < 0.69
    assert any(event["event"] == "step" for event in told)

    model = tmp_path / "Ring.scnm"
    (described,) = json.loads(ais("models", "info", model, "--json", env=home))["models"]
    assert described["architecture"] == "Logistic" and described["parameters"] == 5 and described["boxSize"] == SIDE
    with tarfile.open(model) as archive:
        assert {"Ring_weights.h5", "Ring_saved/notes/about.json", "Ring_program.json", "Ring_metadata.json"} <= set(archive.getnames())
        weights = np.load(io.BytesIO(archive.extractfile("Ring_weights.h5").read()))

    ring = tomogram(tmp_path / "tomo.mrc")
    ais("segment", "-m", model, "-o", tmp_path / "out", tmp_path / "tomo.mrc", "--output-type", "float32", env=home)
    found = mrcfile.read(next((tmp_path / "out").glob("*.mrc")))
    assert found.shape == (3, 48, 64) and found[1][ring].mean() > found[1][~ring].mean() + 0.2

    # What 'models run' gives is what the class computes.
    with mrcfile.new(tmp_path / "slice.mrc") as file:
        file.set_data(mrcfile.read(tmp_path / "tomo.mrc")[:1])
    ais("models", "run", model, tmp_path / "slice.mrc", "-o", tmp_path / "answer.mrc", env=home)
    scope = {}
    exec(LOGISTIC, scope)
    wanted = scope["create"]((SIDE, SIDE, 1))
    wanted.weights = weights
    expected = wanted.predict(mrcfile.read(tmp_path / "slice.mrc")[..., None])[..., 0]
    assert np.abs(mrcfile.read(tmp_path / "answer.mrc") - expected).max() < 1e-6


def test_nothing_of_a_model_is_run_where_nobody_said_so(ais, rings, tmp_path, home):
    text = LOGISTIC + f"\nopen({str(tmp_path / 'runs')!r}, 'a').write('run ')\n"
    added(ais, tmp_path, home, text)
    ais(*options(rings, tmp_path, "--epochs", "1"), env=home)
    (tmp_path / "runs").unlink()
    tomogram(tmp_path / "tomo.mrc")
    stranger = {**home, "XDG_CONFIG_HOME": str(tmp_path / "stranger")}
    model = tmp_path / "Ring.scnm"
    ais("models", "info", model, env=stranger)
    ais("info", model, env=stranger)
    done = ais.run("segment", "-m", model, "-o", tmp_path / "out", tmp_path / "tomo.mrc", env=stranger)
    assert done.returncode == 1 and "'ais architectures add'" in done.stderr and "have not added" in done.stderr
    assert not (tmp_path / "runs").exists() and not (tmp_path / "out").exists()
    # The model's file carries the program: adding it is enough.
    ais("architectures", "add", model, "--python", sys.executable, env=stranger)
    ais("segment", "-m", model, "-o", tmp_path / "out", tmp_path / "tomo.mrc", env=stranger)
    assert (tmp_path / "runs").exists()
    # Another program of the same title is no permission for this one.
    other = {**home, "XDG_CONFIG_HOME": str(tmp_path / "other")}
    added(ais, tmp_path, other)
    done = ais.run("segment", "-m", model, "-o", tmp_path / "out2", tmp_path / "tomo.mrc", env=other)
    assert done.returncode == 1 and "is another" in done.stderr


@pytest.mark.parametrize(
    "body, words",
    [
        ("raise ValueError('a word of the program')", "ValueError: a word of the program (program.py, line"),
        ("return np.full(images.shape, np.nan)", "are no numbers"),
        ("return images[:, 1:]", "expected (1, 64, 64, 1)"),
        ("return np.full(images.shape, 'x')", "expected numbers"),
        ("import os; os.kill(os.getpid(), 9)", "was killed"),
        ("import os, sys; print('last words', file=sys.stderr, flush=True); os._exit(3)", "last words"),
        ("import os; os.write(3, b'x' * 4096)", "no answer"),
        ("import time; time.sleep(1000)", "within 2"),
        ("import sys; sys.exit(0)", "SystemExit"),
    ],
)
def test_a_class_that_answers_badly_is_refused_with_the_reason(ais, tmp_path, home, body, words):
    program = tmp_path / "program.py"
    program.write_text(variant("Bad", predict=body).replace("patience = 30", "patience = 2"))
    done = ais.run("architectures", "add", program, "--python", sys.executable, env=home)
    assert done.returncode == 1 and words in done.stderr, done.stderr
    assert not (tmp_path / "config").exists()


@pytest.mark.parametrize(
    "methods, words",
    [
        ({"fit": "raise ArithmeticError('fit went wrong')"}, "fit went wrong"),
        ({"fit": "import os; os.kill(os.getpid(), 11)"}, "Segmentation fault"),
        ({"save": "pass"}, "save(path) wrote nothing"),
        ({"fit": "self.weights[:] = np.nan"}, "are no numbers"),
    ],
)
def test_a_class_that_fails_in_training_leaves_no_model(ais, rings, tmp_path, home, methods, words):
    added(ais, tmp_path, home, variant("Failing", **methods))
    done = ais.run(*options(rings, tmp_path / "out", "--epochs", "2", title="Failing"), env=home)
    assert done.returncode == 1 and words in done.stderr, done.stderr
    assert not list((tmp_path / "out").glob("*.scnm"))


def test_a_class_that_is_killed_while_it_learns_goes_on_from_the_last_epoch(ais, rings, tmp_path, home):
    marker = tmp_path / "fits"
    text = variant("Mortal", fit=f"""open({str(marker)!r}, 'a').write('fit ')
if open({str(marker)!r}).read() == 'fit fit ':
    import os
    os.kill(os.getpid(), 9)
Logistic.fit(self, train_x, train_y, epochs, batch_size)""")
    added(ais, tmp_path, home, text)
    done = ais.run(*options(rings, tmp_path / "out", "--epochs", "3", title="Mortal"), env=home)
    assert done.returncode == 1 and "was killed" in done.stderr
    told = events(ais(*options(rings, tmp_path / "out", "--epochs", "3", "--resume", "--json", title="Mortal"), env=home))
    assert [event["epoch"] for event in told if event["event"] == "epoch"] == [2, 3]
    assert (tmp_path / "out" / "Ring.scnm").exists()


def test_ctrl_c_ends_a_class_that_hangs_and_its_process(ais, rings, tmp_path, home):
    marker = tmp_path / "number"
    added(ais, tmp_path, home, variant("Hanging", fit=f"""import os, time
if os.path.exists({str(marker)!r}):
    open({str(marker)!r}, 'w').write(str(os.getpid()))
    time.sleep(1000)
open({str(marker)!r}, 'w').write('')
Logistic.fit(self, train_x, train_y, epochs, batch_size)"""))
    command = [str(ais.path), *map(str, options(rings, tmp_path / "out", "--epochs", "3", title="Hanging"))]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=home)
    while not marker.exists() or not marker.read_text():
        assert process.poll() is None, process.stderr.read()
        time.sleep(0.02)
    number = int(marker.read_text())
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=60) == 130, process.stderr.read()
    # The epoch that had ended is kept, as a model and to go on from.
    assert (tmp_path / "out" / "Ring.scnm").exists() and (tmp_path / "out" / "Ring.training").exists()
    with pytest.raises(ProcessLookupError):
        os.kill(number, 0)


def test_a_model_goes_on_learning_from_what_it_had_saved(ais, rings, tmp_path, home):
    added(ais, tmp_path, home)
    ais(*options(rings, tmp_path / "a", "--epochs", "3"), env=home)
    first = json.loads(ais("models", "info", tmp_path / "a" / "Ring.scnm", "--json", env=home))["models"][0]["loss"]
    arguments = options(rings, tmp_path / "b", "--epochs", "1", "--from", tmp_path / "a" / "Ring.scnm")
    ais(*[a for a in arguments if a not in ("-a", "Logistic")], env=home)
    assert json.loads(ais("models", "info", tmp_path / "b" / "Ring.scnm", "--json", env=home))["models"][0]["loss"] < first


SLABS = variant(
    "Slabs",
    predict="""assert images.ndim == 5 and images.shape[4] == 1, images.shape
count, rows, columns, slices, _ = images.shape
found = Logistic.predict(self, planes(images))
return found.reshape(count, slices, rows, columns, 1).transpose(0, 2, 3, 1, 4)""",
    fit="""assert train_x.shape == train_y.shape and train_x.shape[1:] == (16, 16, 8, 1), (train_x.shape, train_y.shape)
known = (train_y != 2).any((1, 2, 4))
assert (known.sum(1) == 1).all(), "one slice of each box is annotated"
Logistic.fit(self, planes(train_x), planes(train_y), epochs, 8 * batch_size)""",
).replace("reach = 8", """reach = 8
dimensionality = 3


def planes(slabs):
    return slabs[..., 0].transpose(0, 3, 1, 2).reshape(-1, *slabs.shape[1:3], 1)""").replace("4 * input_shape[2] + 1", "5")


def rods(path, depth, jitter):
    """Rings that go through all slices of a box; only the middle slice is annotated. Every third box has none."""
    random = np.random.default_rng(4)
    stored = depth + jitter
    y, x = np.mgrid[:SIDE, :SIDE]
    members, sources = {}, {}
    for index in range(12):
        name = f"{index:016x}"
        ring = np.abs(np.hypot(*(axis - random.uniform(5, SIDE - 5) for axis in (y, x))) - 3) < 1.1
        ring = ring & (index % 3 > 0)
        label = np.full((stored, SIDE, SIDE), 2, np.float32)
        label[stored // 2] = ring
        members[f"x_main/{name}.mrc"] = mrc_bytes(random.normal(0, 0.4, label.shape) + ring, path.parent)
        members[f"y/{name}.mrc"] = mrc_bytes(label, path.parent)
        sources[name] = {"aisTomogramName": "tomo", "aisFeatureName": "Ring", "aisBoxCoordinateZ": index}
    metadata = {"apix": 10.0, "box_size": SIDE, "box_depth": depth, "z_jitter": jitter, "features": ["Ring"], "normalization": "global_mad"}
    members |= {"metadata.json": json.dumps(metadata).encode(), "sources.json": json.dumps(sources).encode()}
    with tarfile.open(path, "w") as archive:
        for name, content in members.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return path


@pytest.mark.parametrize(
    "title, text, depth, jitter, form, weights", [("Logistic", LOGISTIC, 5, 0, "2.5D", 21), ("Slabs", SLABS, 8, 4, "3D", 5)])
def test_a_class_learns_from_slabs_and_is_used_like_any_model(ais, tmp_path, home, title, text, depth, jitter, form, weights):
    added(ais, tmp_path, home, text)
    (mine,) = [e for e in json.loads(ais("architectures", "--json", env=home))["architectures"] if e["isUsers"]]
    assert mine["form"] == ("slabs" if form == "3D" else "slices")
    boxes = rods(tmp_path / "rods.scnt", depth, jitter)
    told = events(ais(*options(boxes, tmp_path, "--epochs", "6", "--validation", "0.25", "--json", title=title), env=home))
    epochs = [event for event in told if event["event"] == "epoch"]
    assert epochs[-1]["validation"]["loss"] < epochs[0]["validation"]["loss"] < 0.69

    model = tmp_path / "Ring.scnm"
    (described,) = json.loads(ais("models", "info", model, "--json", env=home))["models"]
    assert described["architecture"] == title and described["parameters"] == weights
    assert described["depth"] == depth and described["kind"] == form and described["zJitter"] == jitter
    ring = tomogram(tmp_path / "tomo.mrc", slices=depth)
    ais("segment", "-m", model, "-o", tmp_path / "out", tmp_path / "tomo.mrc", "--output-type", "float32", env=home)
    found = mrcfile.read(next((tmp_path / "out").glob("*.mrc")))
    assert found.shape == (depth, 48, 64) and found[depth // 2][ring].mean() > found[depth // 2][~ring].mean() + 0.2

    # What 'models run' gives is what the class computes.
    ais("models", "run", model, tmp_path / "tomo.mrc", "-o", tmp_path / "answer.mrc", env=home)
    scope = {}
    exec(text, scope)
    wanted = scope["create"]((SIDE, SIDE, depth))
    with tarfile.open(model) as archive:
        wanted.weights = np.load(io.BytesIO(archive.extractfile("Ring_weights.h5").read()))
    images = mrcfile.read(tmp_path / "tomo.mrc").transpose(1, 2, 0)[None]
    expected = wanted.predict(images[..., None] if form == "3D" else images)[0].reshape(48, 64, -1).transpose(2, 0, 1)
    assert np.abs(mrcfile.read(tmp_path / "answer.mrc") - expected).max() < 1e-6


@pytest.mark.parametrize(
    "text, words",
    [
        ("x = 1\n", "neither a function create(input_shape)"),
        ("class A:\n    def fit(self): pass\ndef create(shape): return A()\n", "no count_params, no predict"),
        (variant("Count", count_params="return 'many'"), "invalid literal"),
        (LOGISTIC.replace("patience = 30", "patience = -1"), "patience"),
    ],
)
def test_a_class_that_is_no_model_is_refused(ais, tmp_path, home, text, words):
    program = tmp_path / "program.py"
    program.write_text(text)
    done = ais.run("architectures", "add", program, "--python", sys.executable, env=home)
    assert done.returncode == 1 and words in done.stderr, done.stderr
