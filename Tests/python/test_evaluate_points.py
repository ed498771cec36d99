"""`ais evaluate` on lists of particles, against SciPy's assignment and trees and the published rules written down anew."""

import csv
import json
import struct

import mrcfile
import numpy as np
import pytest
from scipy import ndimage
from scipy.optimize import linear_sum_assignment
from scipy.spatial import cKDTree

VOXEL = 8.0


def write_csv(path, rows, header=("tomogram", "class", "x", "y", "z", "score")):
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows(rows)
    return path


def read_csv(path):
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def assigned(found, truth, reach):
    """Size and sum of distances of the best matching: as many pairs as possible, then as near as possible."""
    if len(found) == 0 or len(truth) == 0:
        return 0, 0.0
    distances = np.linalg.norm(found[:, None] - truth[None], axis=2)
    far = 1e6
    rows, columns = linear_sum_assignment(np.where(distances <= reach, distances, far))
    chosen = distances[rows, columns]
    return int((chosen <= reach).sum()), float(chosen[chosen <= reach].sum())


@pytest.fixture
def lists(tmp_path):
    """Found and true particles of two classes in three tomograms, dense enough that matching is a question."""
    random = np.random.default_rng(7)
    truth, found = [], []
    for tomogram in ["TS_1", "TS_2", "TS_3"]:
        for name in ["ribosome", "FAS"]:
            true = random.uniform(0, 60, (40, 3))
            moved = true[:30] + random.normal(0, 3, (30, 3))
            wrong = random.uniform(0, 60, (25, 3))
            truth += [[tomogram, name, *point, ""] for point in true]
            found += [[tomogram, name, *point, score] for point, score in zip(moved, random.integers(5, 15, 30))]
            found += [[tomogram, name, *point, score] for point, score in zip(wrong, random.integers(0, 10, 25))]
    random.shuffle(found)
    return write_csv(tmp_path / "found.csv", found), write_csv(tmp_path / "truth.csv", truth), found, truth


def points(rows, tomogram, name, least=-np.inf):
    kept = [row[2:5] for row in rows if row[0] == tomogram and row[1] == name and (row[5] == "" or row[5] >= least)]
    return np.array(kept, float).reshape(-1, 3) * VOXEL


def test_matches_are_those_of_the_assignment(ais, lists, tmp_path):
    found_path, truth_path, found, truth = lists
    folder = tmp_path / "out"
    answer = json.loads(
        ais("evaluate", found_path, truth_path, "--distance", "30A", "--voxel-size", f"{VOXEL}A", "-o", folder, "--json")
    )
    rows = {(row["tomogram"], row["class"]): row for row in read_csv(folder / "evaluation.csv")}
    matches = read_csv(folder / "evaluation_matches.csv")
    total = 0
    for tomogram in ["TS_1", "TS_2", "TS_3"]:
        for name in ["ribosome", "FAS"]:
            hits, distance = assigned(points(found, tomogram, name), points(truth, tomogram, name), 30)
            assert int(rows[tomogram, name]["true_positives"]) == hits
            own = [float(m["distance_A"]) for m in matches if (m["tomogram"], m["class"]) == (tomogram, name)]
            assert sum(own) == pytest.approx(distance, abs=1e-2)
            total += hits
    assert answer["schema"] == "ais.point-evaluation/1"
    assert answer["total"]["truePositives"] == total == len(matches)
    assert answer["total"]["precision"] == pytest.approx(total / len(found))
    scores = [entry["fBeta"] for entry in answer["classes"]]
    assert answer["macroOverClasses"]["fBeta"] == pytest.approx(np.mean(scores))
    scores = [entry["fBeta"] for entry in answer["tomograms"]]
    assert answer["macroOverTomograms"]["fBeta"] == pytest.approx(np.mean(scores))


def test_every_threshold_of_the_sweep_is_a_matching_of_its_own(ais, lists, tmp_path):
    found_path, truth_path, found, truth = lists
    folder = tmp_path / "out"
    ais("evaluate", found_path, truth_path, "--distance", "30A", "--voxel-size", f"{VOXEL}A", "-o", folder)
    sweep = [row for row in read_csv(folder / "evaluation_sweep.csv") if row["class"] == "FAS"]
    assert [float(row["threshold"]) for row in sweep] == sorted({float(r[5]) for r in found if r[1] == "FAS"}, reverse=True)
    for row in sweep:
        least = float(row["threshold"])
        hits = sum(
            assigned(points(found, t, "FAS", least), points(truth, t, "FAS"), 30)[0] for t in ["TS_1", "TS_2", "TS_3"]
        )
        assert int(row["true_positives"]) == hits
    picture = (folder / "evaluation_sweep.png").read_bytes()
    assert picture[:8] == b"\x89PNG\r\n\x1a\n" and struct.unpack(">II", picture[16:24]) == (1520, 560)


def test_the_czii_score_is_that_of_the_published_rule(ais, tmp_path):
    radii = {"apo-ferritin": 60, "beta-amylase": 65, "beta-galactosidase": 90, "ribosome": 150, "thyroglobulin": 130,
             "virus-like-particle": 135}
    weights = {"apo-ferritin": 1, "beta-amylase": 0, "beta-galactosidase": 2, "ribosome": 1, "thyroglobulin": 2,
               "virus-like-particle": 1}
    random = np.random.default_rng(3)
    truth, found, counts = [], [], {name: [0, 0, 0] for name in radii}
    for run in ["TS_5_4", "TS_69_2"]:
        for name, radius in radii.items():
            true = random.uniform(0, 2000, (50, 3))
            picks = np.vstack([true[:35] + random.normal(0, radius / 4, (35, 3)), true[:5] + 3, random.uniform(0, 2000, (30, 3))])
            truth += [[len(truth) + i, run, name, *p] for i, p in enumerate(true)]
            found += [[len(found) + i, run, name, *p] for i, p in enumerate(picks)]
            hit = set()
            for near in cKDTree(picks).query_ball_tree(cKDTree(true), 0.5 * radius):
                hit |= set(near)
            for place, number in enumerate([len(hit), len(picks) - len(hit), len(true) - len(hit)]):
                counts[name][place] += number
    expected = 0
    for name, (tp, fp, fn) in counts.items():
        precision, recall = tp / (tp + fp), tp / (tp + fn)
        expected += weights[name] * 17 * precision * recall / (16 * precision + recall) / sum(weights.values())
    header = ("id", "experiment", "particle_type", "x", "y", "z")
    answer = json.loads(
        ais("evaluate", write_csv(tmp_path / "found.csv", found, header), write_csv(tmp_path / "truth.csv", truth, header),
            "--preset", "czii", "--voxel-size", "10A", "--json")
    )
    assert answer["weightedFBeta"] == pytest.approx(expected, abs=1e-12)
    by_name = {entry["name"]: entry for entry in answer["classes"]}
    for name, (tp, fp, fn) in counts.items():
        entry = by_name[name]
        assert [entry["truePositives"], entry["falsePositives"], entry["falseNegatives"]] == [tp, fp, fn]


def test_copick_files_bring_their_run_and_object(ais, tmp_path):
    random = np.random.default_rng(11)
    for run in ["TS_1", "TS_2"]:
        for name in ["ribosome", "thyroglobulin"]:
            true = random.uniform(0, 3000, (20, 3))
            for folder, places in {"truth": true, "found": true[:15] + random.normal(0, 10, (15, 3))}.items():
                picks = {"pickable_object_name": name, "user_id": "u", "session_id": "1", "run_name": run,
                         "voxel_spacing": None, "unit": "angstrom",
                         "points": [{"location": dict(zip("xyz", map(float, p)))} for p in places]}
                path = tmp_path / run / folder / f"{name}.json"
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(json.dumps(picks))
    answer = json.loads(
        ais("evaluate", f"{tmp_path}/*/found/*.json", f"{tmp_path}/*/truth/*.json", "--preset", "czii", "--voxel-size", "10A",
            "--json")
    )
    assert [entry["name"] for entry in answer["classes"]] == ["ribosome", "thyroglobulin"]
    assert [entry["name"] for entry in answer["tomograms"]] == ["TS_1", "TS_2"]
    assert answer["total"]["truePositives"] == 60 and answer["total"]["recall"] == 0.75


def test_shrec_counts_are_those_of_the_occupancy_volume(ais, tmp_path):
    random = np.random.default_rng(5)
    names = ["1bxn", "3cf3", "vesicle", "4v94", "1s3x"]
    occupancy = np.zeros((40, 64, 64), np.int16)
    truth = []
    grid = np.indices(occupancy.shape)
    for number in range(1, 31):
        centre, name = random.integers(4, [60, 60, 36]), names[number % 5]
        truth.append((name, *centre))
        z, y, x = grid - centre[::-1, None, None, None]
        occupancy[z**2 + y**2 + x**2 <= random.integers(4, 30)] = number
    with mrcfile.new(tmp_path / "occupancy.mrc") as file:
        file.set_data(occupancy)
    found = [(names[random.integers(5)], *(np.array(row[1:]) + random.normal(0, 2, 3)).round(1)) for row in truth]
    found += [(names[random.integers(5)], *random.uniform(-3, 66, 3).round(1)) for _ in range(60)]
    for path, rows in {"truth.txt": truth, "found.txt": found}.items():
        (tmp_path / path).write_text("".join(f"{n.upper()} {x} {y} {z}\n" for n, x, y, z in rows))

    cross = ndimage.generate_binary_structure(3, 1)
    grown = ndimage.grey_dilation(occupancy, footprint=cross)
    hits = {number: [] for number in range(31)}
    for name, *place in found:
        x, y, z = np.clip([round(float(v)) for v in place], 0, [63, 63, 39])
        hits[int(grown[z, y, x])].append((name, np.linalg.norm(np.array([x, y, z]) - truth[int(grown[z, y, x]) - 1][1:])))
    kept = [n for n in range(1, 31) if truth[n - 1][0] not in ("vesicle", "4v94")]
    unique = sum(bool(hits[n]) for n in kept)
    answer = json.loads(
        ais("evaluate", tmp_path / "found.txt", tmp_path / "truth.txt", "--preset", "shrec2021", "--occupancy",
            tmp_path / "occupancy.mrc", "--voxel-size", "10A", "--json")
    )
    total = answer["total"]
    assert total["truePositives"] == unique
    assert total["recall"] == pytest.approx(unique / len(kept))
    assert total["precision"] == pytest.approx(unique / len(found))
    assert answer["occupancy"]["inBackground"] == len(hits[0])
    assert answer["occupancy"]["hitRepeatedly"] == sum(len(hits[n]) > 1 for n in kept)
    for entry in answer["occupancy"]["classes"]:
        right = sum(truth[n - 1][0] == entry["name"].lower() == (hits[n] or [("",)])[0][0] for n in kept)
        assert entry["truePositives"] == right


def test_connected_parts_of_a_label_can_be_the_truth(ais, tmp_path):
    labels = np.zeros((20, 40, 40), np.int8)
    labels[3:8, 4:9, 5:11] = 3
    labels[10:14, 20:27, 30:33] = 3
    labels[1:3, 1:3, 35:39] = 1
    with mrcfile.new(tmp_path / "T_labels.mrc") as file:
        file.set_data(labels)
        file.voxel_size = 10
    parts, count = ndimage.label(labels == 3)
    centres = np.array(ndimage.center_of_mass(parts > 0, parts, range(1, count + 1)))[:, ::-1]
    rows = [["T", "FAS", *(centre + [0.5, -0.25, 1]), 1] for centre in centres] + [["T", "FAS", 1, 1, 1, 0]]
    found = write_csv(tmp_path / "found.csv", rows)
    refused = ais.run("evaluate", found, tmp_path / "T_labels.mrc", "--radius", "60A", "--voxel-size", "10A")
    assert refused.returncode == 1 and "1, 3" in refused.stderr and "--label" in refused.stderr
    answer = json.loads(
        ais("evaluate", found, tmp_path / "T_labels.mrc", "--label", "3", "--radius", "60A", "--voxel-size", "10A", "--json")
    )
    assert [answer["total"][key] for key in ("truePositives", "falsePositives", "falseNegatives")] == [2, 1, 0]
    signed = answer["total"]["errors"]["meanSignedVoxels"]
    assert [signed["x"], signed["y"], signed["z"]] == pytest.approx([0.5, -0.25, 1], abs=1e-6)


def test_outputs_are_kept_while_nothing_changes_and_never_lost(ais, lists, tmp_path):
    found_path, truth_path, *_ = lists
    folder = tmp_path / "out"
    command = ["evaluate", found_path, truth_path, "--distance", "30A", "--voxel-size", "8A", "-o", folder]
    assert "wrote" in ais(*command)
    assert "kept" in ais(*command)
    changed = ais.run(*command, "--beta", "2")
    assert changed.returncode == 1 and "--force" in changed.stderr
    assert "wrote" in ais(*command, "--beta", "2", "--force")
    account = json.loads((folder / "evaluation.csv.json").read_text())
    assert account["schema"] == "ais.point-evaluation/1" and account["results"]["beta"] == 2


def test_lists_of_relion_5_and_dynamo_are_compared_where_they_belong(ais, tmp_path):
    """RELION 5 counts ångström from N/2 unbinned pixels, Dynamo numbers its tomograms: by their rules written down anew."""
    random = np.random.default_rng(19)
    unbinned, pixel = np.array([3710, 3838, 1201]), 1.35
    # The tomogram is binned by four; its first voxel lies on the first unbinned pixel.
    true = {name: random.uniform(20, 250, (30, 3)) for name in ["TS_01", "TS_02"]}
    truth = write_csv(tmp_path / "truth.csv", [[name, "ribosome", *p, ""] for name in true for p in true[name]])
    lines = ["data_particles", "", "loop_", "_rlnTomoName #1"]
    lines += [f"_rlnCenteredCoordinate{axis}Angst #{i}" for i, axis in enumerate("XYZ", 2)]
    for name, places in true.items():
        lines += [f"{name} {x:.6f} {y:.6f} {z:.6f}" for x, y, z in places * 4 * pixel - unbinned / 2 * pixel]
    (tmp_path / "found.star").write_text("\n".join(lines) + "\n")
    columns = ["rlnTomoName", "rlnTomoTiltSeriesPixelSize", "rlnTomoSizeX", "rlnTomoSizeY", "rlnTomoSizeZ"]
    lines = ["data_global", "", "loop_"] + [f"_{column} #{i}" for i, column in enumerate(columns, 1)]
    lines += [f"{name} {pixel} {' '.join(map(str, unbinned))}" for name in true]
    (tmp_path / "tomograms.star").write_text("\n".join(lines) + "\n")
    command = ["evaluate", tmp_path / "found.star", truth, "--distance", "1A", "--ignore-classes", "--json"]
    size = ["--voxel-size", f"{4 * pixel}A"]
    refused = ais.run(*command, *size)
    assert refused.returncode == 1 and "tomograms.star" in refused.stderr
    total = json.loads(ais(*command, *size, "--tomograms", tmp_path / "tomograms.star"))["total"]
    assert total["truePositives"] == 60 and total["falsePositives"] == 0
    assert total["errors"]["medianDistanceAngstrom"] < 1e-3
    half = json.loads(
        ais(*command, *size, "--tomograms", tmp_path / "tomograms.star", "--center", "n/2-1", "--distance", "3A"))["total"]
    assert half["errors"]["medianDistanceAngstrom"] == pytest.approx(pixel * 3**0.5, abs=1e-3)

    rows = []
    for number, name in enumerate(true, 7):
        for x, y, z in true[name] + 1:
            rows.append([len(rows) + 1, 1, 1] + [0] * 16 + [number, 0, 0, 0, x, y, z] + [0] * 9)
    (tmp_path / "picks.tbl").write_text("".join(" ".join(map(str, row)) + "\n" for row in rows))
    (tmp_path / "names.doc").write_text("7 TS_01.mrc\n8 TS_02.mrc\n")
    command[1] = tmp_path / "picks.tbl"
    total = json.loads(ais(*command, *size, "--volumes", tmp_path / "names.doc"))["total"]
    assert total["truePositives"] == 60 and total["errors"]["medianDistanceAngstrom"] < 1e-2


class TestWhatIsAsked:
    def pair(self, tmp_path, found, truth):
        header = ("x", "y", "z")
        return write_csv(tmp_path / "a.csv", found, header), write_csv(tmp_path / "b.csv", truth, header)

    def test_the_voxel_size_and_the_radius(self, ais, tmp_path):
        pair = self.pair(tmp_path, [(1, 2, 3)], [(1, 2, 3)])
        done = ais.run("evaluate", *pair, "--radius", "10nm")
        assert done.returncode == 1 and "--voxel-size" in done.stderr
        done = ais.run("evaluate", *pair, "--voxel-size", "10A")
        assert done.returncode == 1 and "--radius" in done.stderr

    def test_an_empty_truth_is_refused_and_nothing_found_is_an_answer(self, ais, tmp_path):
        pair = self.pair(tmp_path, [(1, 2, 3)], [])
        done = ais.run("evaluate", *pair, "--radius", "10nm", "--voxel-size", "10A")
        assert done.returncode == 1 and "nothing to compare" in done.stderr
        pair = self.pair(tmp_path, [], [(1, 2, 3)])
        answer = json.loads(ais("evaluate", *pair, "--radius", "10nm", "--voxel-size", "10A", "--json"))
        assert answer["total"]["recall"] == 0 and "precision" not in answer["total"]

    def test_coordinates_that_are_no_numbers_are_named(self, ais, tmp_path):
        pair = self.pair(tmp_path, [("nan", 2, 3)], [(1, 2, 3)])
        done = ais.run("evaluate", *pair, "--radius", "10nm", "--voxel-size", "10A")
        assert done.returncode == 1 and "nan" in done.stderr

    def test_numbers_that_are_no_labels_are_refused(self, ais, tmp_path):
        pair = self.pair(tmp_path, [(1, 2, 3)], [(1, 2, 3)])
        for label in (2**32 + 1, 0, -1):
            done = ais.run("evaluate", *pair, "--radius", "10nm", "--voxel-size", "10A", f"--label={label}")
            assert done.returncode == 2 and "4294967296" in done.stderr

    def test_an_output_never_replaces_an_input(self, ais, tmp_path):
        (tmp_path / "evaluation.csv").write_text("x,y,z\n1,2,3\n")
        truth = write_csv(tmp_path / "b.csv", [(1, 2, 3)], ("x", "y", "z"))
        before = (tmp_path / "evaluation.csv").read_bytes()
        for force in ([], ["--force"]):
            done = ais.run("evaluate", tmp_path / "evaluation.csv", truth, "--radius", "10nm", "--voxel-size", "10A", "-o",
                           tmp_path, *force)
            assert done.returncode == 1 and "evaluation.csv" in done.stderr
        assert (tmp_path / "evaluation.csv").read_bytes() == before

    def test_a_damaged_list_is_named(self, ais, tmp_path):
        truth = write_csv(tmp_path / "b.csv", [(1, 2, 3)], ("x", "y", "z"))
        (tmp_path / "cut.star").write_text("data_\n\nloop_\n_rlnCoordinateX #1\n_rlnCoordinateY #2\n_rlnCoordinateZ #3\n1 2\n")
        (tmp_path / "cut.mod").write_bytes(b"IMODV1.2" + b"\xff" * 300)
        for name in ("cut.star", "cut.mod"):
            done = ais.run("evaluate", tmp_path / name, truth, "--radius", "10nm", "--voxel-size", "10A")
            assert done.returncode == 1 and name in done.stderr

    def test_volumes_and_lists_are_not_mixed_up(self, ais, tmp_path):
        with mrcfile.new(tmp_path / "v.mrc") as file:
            file.set_data(np.zeros((2, 3, 4), np.int8))
        pair = self.pair(tmp_path, [(1, 2, 3)], [(1, 2, 3)])
        done = ais.run("evaluate", tmp_path / "v.mrc", pair[1])
        assert done.returncode == 2 and "ais pick" in done.stderr
        done = ais.run("evaluate", tmp_path / "v.mrc", tmp_path / "v.mrc", "--radius", "10nm")
        assert done.returncode == 2
        assert ais.run("evaluate", *pair, "--fraction", "0.5", "--distance", "10A").returncode == 2
        assert ais.run("evaluate", *pair, "--preset", "shrec2021").returncode == 2
