"""Makes Tests/Fixtures/interactions: what the reference program's interactions make of small slices of bytes.

    python interaction_goldens.py

`reference.json`: one parent and one child for all cases; each case has a kind, radius, pixel size and threshold, and the child
that remained. `export.json`: what the reference's export of a tomogram makes of three networks by themselves, and with
competition and interactions one after another. `reference.scnmgroup`: two small networks, both of which change each other,
saved by the reference program.
"""

import base64
import json
import os
import pathlib
import tempfile
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ["CUDA_VISIBLE_DEVICES"] = "-1"

import mrcfile
import numpy as np

from reference_program import reference_program

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
FOLDER = REPOSITORY / "Tests" / "Fixtures" / "interactions"
NETWORKS = REPOSITORY / "Tests" / "Fixtures" / "segment"

# Radius in nm, pixel in nm, threshold. Radii of whole pixels, of fractions that floating point cannot hold, below a pixel.
SETTINGS = [
    (10.0, 1.0, 0.5), (10.0, 1.404, 0.5), (30.0, 1.404, 0.5), (2.0, 1.0, 0.5), (1.0, 1.0, 0.5), (0.5, 1.0, 0.5),
    (3.0, 1.0, 0.5), (4.2, 1.4, 0.5), (0.3, 0.1, 0.5), (6.74, 1.348, 0.25), (12.5, 1.348, 0.75), (5.0, 0.7, 0.0),
    (5.0, 2.0, 0.9), (100.0, 1.0, 0.999), (0.0, 1.0, 0.5), (7.0, 1.0, 1.0),
]


def text(values) -> str:
    return base64.b64encode(np.ascontiguousarray(values).tobytes()).decode()


def interactions():
    from Ais.core.se_model import ModelInteraction, SEModel

    rng = np.random.default_rng(5)
    shape = (37, 52)
    parent = rng.integers(0, 100, shape, dtype=np.uint8)
    where = rng.random(shape)
    parent[where < 0.01] = rng.integers(100, 256, int((where < 0.01).sum()), dtype=np.uint8)
    parent[0, 0], parent[36, 51], parent[18, 0] = 255, 128, 127
    child = rng.integers(1, 256, shape, dtype=np.uint8)
    interaction = ModelInteraction(SEModel(no_glfw=True), SEModel(no_glfw=True))
    cases = []
    for radius, pixel, threshold in SETTINGS:
        for kind, name in enumerate(["colocalize", "avoid"]):
            interaction.type, interaction.radius, interaction.threshold = kind, radius, threshold
            result = interaction.apply_to_images(pixel, parent.copy(), child.copy())
            # To avoid, it multiplies by numbers of another type; the values are whole all the same.
            assert result.shape == shape and np.array_equal(result, result.astype(np.uint8))
            cases.append({"kind": name, "radiusNanometer": radius, "pixelNanometer": pixel, "threshold": threshold,
                          "result": text(result.astype(np.uint8))})
    return {"y": shape[0], "x": shape[1], "parent": text(parent), "child": text(child), "cases": cases}


def export():
    """Two slices of a phantom, segmented by the three kept networks through the reference's export queue."""
    import Ais.core.config as settings
    from Ais.core.se_frame import SEFrame
    from Ais.core.se_model import ModelInteraction, SEModel
    from Ais.core.segmentation_editor import QueuedExport

    from interaction_phantom import FEATURES, Phantom

    settings.se_models, ModelInteraction.all = [], []
    models = []
    for name in FEATURES:
        model = SEModel(no_glfw=True)
        model.load(str(FOLDER / f"{name}.scnm"))
        model.emit, model.absorb, model.export, model.active = False, False, True, True
        models.append(model)
    settings.se_models = models
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        with mrcfile.new(folder / "P.mrc") as file:
            file.set_data(np.ascontiguousarray(Phantom(1).voxels[11:13, 40:136, 232:312]))
            file.voxel_size = 10
        frame = SEFrame(str(folder / "P.mrc"))

        def exported(case):
            out = folder / case
            out.mkdir()
            queued = QueuedExport(f"{out}/", frame, models, 1, False)
            queued.start()
            while queued.process.progress < 1:
                time.sleep(0.1)
            time.sleep(1)
            values = [mrcfile.read(out / f"P__{name}.mrc") for name in FEATURES]
            assert all(np.array_equal(v, v.astype(np.uint8)) for v in values)
            return [v.astype(np.uint8) for v in values]

        alone = exported("alone")
        for model in models:
            model.emit = model.absorb = True
        steps = [(0, 2, 1, 10.0), (1, 2, 1, 4.0), (1, 0, 1, 10.0), (1, 0, 0, 30.0)]
        for changed, partner, kind, radius in steps:
            interaction = ModelInteraction(models[changed], models[partner])
            interaction.type, interaction.radius, interaction.threshold = kind, radius, 0.5
            models[changed].interactions.append(interaction)
        together = exported("together")
    assert all(not np.array_equal(a, b) for a, b in zip(alone[:2], together[:2]))
    z, y, x = alone[0].shape
    return {
        "z": z, "y": y, "x": x, "pixelNanometer": 1.0, "alone": [text(v) for v in alone], "together": [text(v) for v in together],
        "steps": [{"child": c, "parent": p, "kind": ["colocalize", "avoid"][k], "radiusNanometer": r, "threshold": 0.5}
                  for c, p, k, r in steps]}


def group(path):
    import Ais.core.config as settings
    from Ais.core.se_model import ModelInteraction, SEModel
    from Ais.core.segmentation_editor import SegmentationEditor

    for title, file in (("Membrane", "flat-global.scnm"), ("Ribosome", "stack-legacy.scnm")):
        model = SEModel(no_glfw=True)
        model.load(str(NETWORKS / file))
        model.title = title
        settings.se_models.append(model)
    membrane, ribosome = settings.se_models
    membrane.emit, ribosome.absorb, ribosome.threshold = True, True, 0.4
    for changed, partner, kind, radius, threshold in (
            (ribosome, membrane, 0, 30.0, 0.5), (membrane, ribosome, 1, 12.5, 0.25)):
        interaction = ModelInteraction(changed, partner)
        interaction.type, interaction.radius, interaction.threshold = kind, radius, threshold
        changed.interactions.append(interaction)
    SegmentationEditor.save_model_group(str(path))


def main():
    reference_program()
    FOLDER.mkdir(parents=True, exist_ok=True)
    # The group first: it is saved with every interaction that was ever made.
    group(FOLDER / "reference.scnmgroup")
    (FOLDER / "reference.json").write_text(json.dumps(interactions(), indent=1) + "\n")
    (FOLDER / "export.json").write_text(json.dumps(export(), indent=1) + "\n")


main()
