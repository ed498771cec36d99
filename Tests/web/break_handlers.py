"""Breaks ten handlers of the page, one at a time and in a copy, and checks that the test which names each fails.

    "$(Scripts/python-env Tests/web/requirements.txt | tail -1)" Tests/web/break_handlers.py
"""

import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
WEB = pathlib.Path("Sources/AisServer/Resources/Web")

# File, what is there, what it is broken into, the test that must notice.
BREAKS = [
    ("app/input.js", 'case "brush":', 'case "no brush":', "test_a_stroke_paints_makes_a_feature_and_is_saved"),
    ("app/input.js", "const erases = button === 2 ||", "const erases = button === 9 ||", "test_the_right_button_erases"),
    ("app/tools.js", "line(gathered, from, to, size)", "line(gathered, to, to, size)", "test_a_fast_stroke_has_no_gaps"),
    ("app/datasets.js", "goToSlice(wrapped(state.slice, by, depth));", "goToSlice(state.slice + by);", "test_wheel_arrows_and_numbers_go_through_slices_around_the_ends"),
    ("app/view-actions.js", "zoomedAbout(state.view, viewport, place, factor)", "zoomedAbout(state.view, viewport, { y: 0, x: 0 }, factor)", "test_zoom_keeps_the_point_under_the_pointer"),
    ("app/tools.js", "if (under) removeBox(under.id);", "", "test_shift_and_right_click_remove_the_box_under_the_pointer"),
    ("app/project.js", "const change = state.planes.confirm(plane, decodedPatch, entry.sequence);", "const change = null;", "test_two_people_see_each_others_strokes_and_places"),
    ("app/features.js", 'edit([{ kind: "set-box-size",', 'edit([{ kind: "set-setting", name: "none",', "test_box_sizes_of_one_tomogram_alone"),
    ("app/project.js", "outbox.add({ id: crypto.randomUUID(), project: state.project.key, action, sequence });", "", "test_undo_and_redo_by_keys"),
    ("render/shaders.js", "float grey = clamp((texture(values, at).r - limits.x)", "float grey = clamp((texture(values, at).r)", "test_invert_smooth_and_overlays"),
]


def main():
    survived = []
    with tempfile.TemporaryDirectory() as name:
        copy = pathlib.Path(name)
        for folder in ("Tests/web", WEB):
            shutil.copytree(ROOT / folder, copy / folder)
        environment = {**os.environ, "AIS_PROGRAM": os.environ.get("AIS_PROGRAM", str(ROOT / ".build" / "release" / "ais"))}
        for file, before, after, test in BREAKS:
            path = copy / WEB / file
            text = path.read_text()
            assert text.count(before) == 1, f"'{before}' is in {file} {text.count(before)} times"
            path.write_text(text.replace(before, after))
            run = subprocess.run([sys.executable, "-m", "pytest", "-q", "-x", str(copy / "Tests" / "web"), "-k", test], env=environment, cwd=copy, capture_output=True, text=True)
            path.write_text(text)
            print(f"{'noticed ' if run.returncode == 1 else 'SURVIVED'} {file}: {test}", flush=True)
            if run.returncode != 1:
                survived.append(test)
    print(f"{len(BREAKS) - len(survived)} of {len(BREAKS)} were noticed")
    sys.exit(1 if survived else 0)


if __name__ == "__main__":
    main()
