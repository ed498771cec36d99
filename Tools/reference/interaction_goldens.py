"""Makes Tests/Fixtures/interactions: what the reference program's interactions make of small slices of bytes.

    python interaction_goldens.py

One parent and one child for all cases; each case has a kind, radius, pixel size and threshold, and the child that remained.
Also writes `reference.scnmgroup`: two small networks, both of which change each other, saved by the reference program.
"""

import base64
import json
import os
import pathlib

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ["CUDA_VISIBLE_DEVICES"] = "-1"

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


main()
