"""Gives a group of ours to the reference program and takes it back: nothing may change on the way.

    python check_group.py GROUP.json

`ais group create` writes a .scnmgroup of the recipe, the reference program loads and saves it, and `ais group show` must say of
the result what it says of the recipe. `AIS_PROGRAM` names another program than .build/release/ais.
"""

import json
import os
import pathlib
import subprocess
import sys
import tempfile

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ["CUDA_VISIBLE_DEVICES"] = "-1"

from reference_program import reference_program

PROGRAM = os.environ.get("AIS_PROGRAM", pathlib.Path(__file__).resolve().parents[2] / ".build" / "release" / "ais")


def said(path) -> dict:
    """A group as we read it, without what a path or a file's name decides."""
    text = subprocess.run([PROGRAM, "group", "show", "--json", path], check=True, capture_output=True, text=True).stdout
    document = json.loads(text)
    for model in document["models"]:
        del model["file"]
    document["models"].sort(key=lambda model: model["title"])
    return {key: document[key] for key in ("models", "interactions")}


def main():
    reference_program()
    from Ais.core import config
    from Ais.core.segmentation_editor import SegmentationEditor

    with tempfile.TemporaryDirectory() as folder:
        ours, theirs = (pathlib.Path(folder) / name for name in ("ours.scnmgroup", "theirs.scnmgroup"))
        subprocess.run([PROGRAM, "group", "create", "-q", "-o", ours, sys.argv[1]], check=True)
        config.se_models = []
        SegmentationEditor.load_model_group(str(ours))
        for model in config.se_models:
            print(f"{model.title}: emit {model.emit}, absorb {model.absorb}, threshold {model.threshold}")
            for step in model.interactions:
                kind = ["colocalize", "avoid"][step.type]
                print(f"  {kind} {step.partner.title}, {step.radius} nm, above {step.threshold}")
        SegmentationEditor.save_model_group(str(theirs))
        before, after = said(sys.argv[1]), said(theirs)
        if before != after:
            sys.exit(f"the group changed on the way:\n{json.dumps(before, indent=1)}\n{json.dumps(after, indent=1)}")
    print("the group came back as it was")


main()
