"""The figure and the table of docs/explanation/interactions.md: what competition and interactions do to errors.

    python figure_interactions.py [--tomograms 4] [--picture ../../docs/images/interactions.png]

Phantoms with known truth (`interaction_phantom.py`), the three kept networks (`interaction_networks.py`), and
`ais segment --group` three times: each network for itself, with competition, with competition and interactions.
`AIS_PROGRAM` names another program than .build/release/ais. Prints a Markdown table.
"""

import argparse
import os
import pathlib
import subprocess
import tempfile

import matplotlib
import mrcfile
import numpy as np
from PIL import Image

matplotlib.use("Agg")
import matplotlib.pyplot as plt

from interaction_phantom import FEATURES, Phantom, errors

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
NETWORKS = REPOSITORY / "Tests" / "Fixtures" / "interactions"
COLOURS = {"Membrane": (0.26, 0.84, 0.64), "Platform": (1.0, 0.6, 0.2), "Film": (0.6, 0.5, 1.0)}
STEPS = [
    "Film,avoid,Membrane,40nm", "Membrane,avoid,Film,10nm", "Platform,avoid,Film,10nm",
    "Platform,avoid,Membrane,10nm", "Platform,colocalize,Membrane,30nm",
]
CASES = ["none", "competition", "both"]


def make_groups(program, folder):
    networks = [str(NETWORKS / f"{name}.scnm") for name in FEATURES]
    compete = [word for name in FEATURES for word in ("--emit", name, "--absorb", name)]
    interact = [word for step in STEPS for word in ("-i", step)]
    for case, options in zip(CASES, ([], compete, compete + interact)):
        subprocess.run([program, "group", "create", "-q", "-o", folder / f"{case}.json", *networks, *options], check=True)


def segment(program, folder, case, tomograms):
    out = folder / case
    subprocess.run(
        [program, "segment", "-q", "--group", folder / f"{case}.json", "-o", out, "--output-type", "float32", *tomograms],
        check=True)
    return {
        name: [mrcfile.read(out / f"{path.stem}__{name}.mrc") for path in tomograms] for name in FEATURES}


def measure(results, phantoms):
    """For each case and feature: false positives, false negatives, voxels of the feature."""
    table = {}
    for case, volumes in results.items():
        for name in FEATURES:
            counts = np.array([errors(v > 0.5, p.truth[name]) for v, p in zip(volumes[name], phantoms)]).sum(0)
            table[case, name] = (*counts.tolist(), sum(int(p.truth[name].sum()) for p in phantoms))
    return table


def print_table(table):
    print("| feature | voxels | | false positives | | false negatives | recall | |")
    print("|---|--:|---|--:|--:|--:|--:|--:|")
    for name in FEATURES:
        first = table["none", name]
        for case in CASES:
            positives, negatives, voxels = table[case, name]
            change = f"{100 * (positives / max(1, first[0]) - 1):+.0f} %" if case != "none" else ""
            loss = f"{100 * (first[1] - negatives) / voxels:+.1f} points" if case != "none" else ""
            print(f"| {name if case == 'none' else ''} | {voxels if case == 'none' else ''} | {case} | {positives} "
                  f"| {change} | {negatives} | {100 * (1 - negatives / voxels):.1f} % | {loss} |")


def draw(path, results, phantoms, table):
    figure, axes = plt.subplots(2, 3, figsize=(12, 8.2), dpi=90, layout="constrained")
    figure.get_layout_engine().set(w_pad=0.08, h_pad=0.1)
    phantom = phantoms[-1]  # the one with the most voxels of film where there is none
    middle = phantom.shape[0] // 2
    grey = phantom.voxels[middle]
    grey = np.clip((grey - grey.mean()) / grey.std() / 6 + 0.5, 0, 1)

    def overlay(axis, title, masks):
        picture = np.repeat(grey[..., None] * 0.85, 3, axis=2)
        for name, mask in masks.items():
            strength = 0.9 if name == "Platform" else 0.55
            picture[mask] = (1 - strength) * picture[mask] + strength * np.array(COLOURS[name])
        axis.imshow(picture, interpolation="nearest")
        axis.set_title(title, fontsize=11, loc="left")
        axis.set_xticks([])
        axis.set_yticks([])

    overlay(axes[0, 0], "one slice of a phantom", {})
    overlay(axes[0, 1], "what is planted", {n: phantom.truth[n][middle] for n in ("Film", "Membrane", "Platform")})
    titles = {"none": "each network for itself", "competition": "with competition", "both": "with competition and interactions"}
    for axis, case in zip((axes[0, 2], axes[1, 0], axes[1, 1]), CASES):
        overlay(axis, titles[case], {
            n: results[case][n][-1][middle] > 0.5 for n in ("Film", "Membrane", "Platform")})

    chart = axes[1, 2]
    for row, name in enumerate(reversed(FEATURES)):
        for offset, case in enumerate(reversed(CASES)):
            positives, negatives, voxels = table[case, name]
            place, share = row + (offset - 1) * 0.26, 100 * positives / table["none", name][0]
            chart.barh(place, share, 0.22, color=COLOURS[name])
            chart.text(share + 2, place, f"{case}: {positives}, recall {100 * (1 - negatives / voxels):.1f} %", va="center",
                       fontsize=8)
        chart.text(0, row + 0.42, name, va="bottom", fontsize=10)
    chart.set_yticks([])
    chart.set_xlim(0, 200)
    chart.set_ylim(-0.5, len(FEATURES) - 0.2)
    chart.set_xticks([0, 50, 100])
    chart.set_title("false positives, per cent of the first", fontsize=11, loc="left")
    for side in ("top", "right", "left"):
        chart.spines[side].set_visible(False)
    figure.canvas.draw()
    # Few colours are enough for grey noise and three tints, and a third of the size.
    picture = Image.fromarray(np.asarray(figure.canvas.buffer_rgba())[..., :3])
    picture.quantize(128, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE).save(path, optimize=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tomograms", type=int, default=4)
    parser.add_argument("--picture", type=pathlib.Path, default=REPOSITORY / "docs" / "images" / "interactions.png")
    options = parser.parse_args()
    program = os.environ.get("AIS_PROGRAM", REPOSITORY / ".build" / "release" / "ais")
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        phantoms, tomograms = [], []
        for seed in range(1, options.tomograms + 1):
            phantoms.append(Phantom(seed))
            tomograms.append(folder / f"P{seed}.mrc")
            with mrcfile.new(tomograms[-1]) as file:
                file.set_data(phantoms[-1].voxels)
                file.voxel_size = 10
        make_groups(program, folder)
        results = {case: segment(program, folder, case, tomograms) for case in CASES}
        table = measure(results, phantoms)
        print_table(table)
        decoys = sum(len(p.decoys) for p in phantoms)
        planted = sum(len(p.platforms) for p in phantoms)
        print(f"\n{planted} platforms in {len(phantoms)} phantoms, and {decoys} blobs that are none")
        draw(options.picture, results, phantoms, table)


main()
