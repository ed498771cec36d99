"""`ais info`, `ais header` and `ais preview` as processes, their files read by programs that we did not write."""

import json
import os
import struct
import zlib

import mrcfile
import numpy as np
import pytest


@pytest.fixture
def tomogram(tmp_path):
    """A tomogram of noise, 40 × 32 × 24 voxels of 10 Å, as 16-bit integers."""
    path = tmp_path / "TS_01.mrc"
    random = np.random.default_rng(1)
    with mrcfile.new(path) as file:
        file.set_data((random.normal(size=(24, 32, 40)) * 100).astype(np.int16))
        file.voxel_size = 10
    return path


def read_png(path):
    """The pixels and texts of an 8-bit RGB PNG (PNG specification, sections 5, 9 and 11)."""
    data = path.read_bytes()
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    position, packed, texts, size = 8, b"", {}, None
    while position < len(data):
        (length,) = struct.unpack(">I", data[position : position + 4])
        kind, body = data[position + 4 : position + 8], data[position + 8 : position + 8 + length]
        (checksum,) = struct.unpack(">I", data[position + 8 + length : position + 12 + length])
        assert zlib.crc32(kind + body) == checksum
        if kind == b"IHDR":
            size = struct.unpack(">II", body[:8])
            assert body[8:] == bytes([8, 2, 0, 0, 0])
        elif kind == b"IDAT":
            packed += body
        elif kind == b"iTXt":
            keyword, rest = body.split(b"\0", 1)
            texts[keyword.decode()] = rest.split(b"\0", 4)[-1].decode()
        position += 12 + length
    width, height = size
    rows = np.frombuffer(zlib.decompress(packed), np.uint8).reshape(height, 1 + 3 * width).astype(int)
    pixels = np.zeros((height + 1, width + 1, 3), int)
    for y in range(height):
        kind = rows[y, 0]
        for x in range(width):
            raw = rows[y, 1 + 3 * x : 4 + 3 * x]
            left, up, corner = pixels[y + 1, x], pixels[y, x + 1], pixels[y, x]
            distances = [abs(up - corner), abs(left - corner), abs(left + up - 2 * corner)]
            paeth = np.where(
                (distances[0] <= distances[1]) & (distances[0] <= distances[2]),
                left,
                np.where(distances[1] <= distances[2], up, corner),
            )
            pixels[y + 1, x + 1] = (raw + [0, left, up, (left + up) // 2, paeth][kind]) % 256
    return pixels[1:, 1:].astype(np.uint8), texts


class TestInfo:
    def test_prints_shape_type_and_sizes(self, ais, tomogram):
        words = ais("info", tomogram)
        for part in ["40 × 32 × 24", "int16", "10 Å", "40 × 32 × 24 nm", "little-endian"]:
            assert part in words

    def test_json_has_a_schema_and_names_its_units(self, ais, tomogram):
        answer = json.loads(ais("info", "--json", "--check", tomogram))
        assert answer["schema"] == "ais.info/1"
        (file,) = answer["files"]
        assert file["kind"] == "tomogram"
        assert file["tomogram"]["shape"] == {"x": 40, "y": 32, "z": 24}
        assert file["tomogram"]["voxelSizeAngstrom"] == {"x": 10, "y": 10, "z": 10}
        assert {judgement["subject"] for judgement in file["checkup"]["judgements"]} >= {"voxel-size", "orientation", "contrast"}

    def test_a_folder_is_a_table_with_one_line_a_file(self, ais, tomogram):
        (tomogram.parent / "notes.txt").write_text("not listed")
        (tomogram.parent / "picks.star").write_text("data_\n")
        lines = ais("info", tomogram.parent).splitlines()
        assert [line.split()[0] for line in lines] == ["picks.star", "TS_01.mrc"] or [
            line.split()[0] for line in lines
        ] == ["TS_01.mrc", "picks.star"]

    def test_what_cannot_be_read_is_named_and_the_others_are_shown(self, ais, tomogram):
        broken = tomogram.parent / "broken.mrc"
        broken.write_bytes(b"x" * 5000)
        done = ais.run("info", broken, tomogram)
        assert done.returncode == 1
        assert "broken.mrc" in done.stderr and "40 × 32 × 24" in done.stdout

    def test_an_empty_folder_and_no_file_are_refused(self, ais, tmp_path):
        assert ais.run("info", tmp_path).returncode == 1
        assert ais.run("info").returncode == 2
        assert ais.run("info", "--thorough", tmp_path).returncode == 2

    def test_the_check_up_names_a_fault_and_its_remedy(self, ais, tomogram):
        with mrcfile.open(tomogram, "r+") as file:
            file.voxel_size = 0
        words = ais("info", "--check", tomogram)
        assert "voxel size is unknown" in words and f"ais header {tomogram} --voxel-size" in words

    def test_a_truncated_file_is_described_and_the_loss_named(self, ais, tomogram):
        size = tomogram.stat().st_size
        os.truncate(tomogram, size * 7 // 10)
        answer = json.loads(ais("info", "--json", "--check", tomogram))
        codes = {judgement["code"] for judgement in answer["files"][0]["checkup"]["judgements"]}
        assert "truncated" in codes

    def test_a_checked_folder_ends_with_how_many_have_faults(self, ais, tomogram):
        with mrcfile.new(tomogram.parent / "TS_02.mrc") as file:
            file.set_data(mrcfile.read(tomogram))
        last = ais("info", "--check", tomogram.parent).splitlines()[-1]
        assert last.startswith("2 tomograms, 1 with faults")
        last = ais("info", tomogram.parent).splitlines()[-1]
        assert "ais info --check" in last

    def test_whole_numbers_are_printed_as_such(self, ais, tomogram):
        with mrcfile.open(tomogram, "r+") as file:
            file.voxel_size = 0
        assert "0 × 0 × 0 Å" in ais("info", tomogram)
        assert "after   400 320 240" in ais("header", tomogram, "--voxel-size", "10A")

    def test_a_network_is_described(self, ais, shared):
        words = ais("info", shared / "ais" / "MembraneC.scnm")
        assert "network" in words and "10 Å" in words and "parameters" in words


class TestHeader:
    def test_sets_the_voxel_size_and_touches_nothing_else(self, ais, tomogram):
        before = tomogram.read_bytes()
        words = ais("header", tomogram, "--voxel-size", "13.48A")
        after = tomogram.read_bytes()
        assert before[1024:] == after[1024:]
        changed = [i for i in range(1024) if before[i] != after[i]]
        assert changed and all(40 <= i < 52 for i in changed)
        with mrcfile.open(tomogram) as file:
            assert np.allclose(file.voxel_size.tolist(), 13.48)
        assert mrcfile.validate(tomogram)
        assert "to undo" in words

    def test_the_printed_command_undoes_the_change(self, ais, tomogram):
        before = tomogram.read_bytes()
        answer = json.loads(ais("header", tomogram, "--voxel-size", "1.2nm", "--origin", "5,-6,7.5", "--json"))
        assert answer["schema"] == "ais.header/1"
        undo = answer["files"][0]["undo"].split()
        assert undo[:2] == ["ais", "header"]
        ais(*undo[1:])
        assert tomogram.read_bytes() == before

    def test_a_dry_run_changes_nothing(self, ais, tomogram):
        before = tomogram.read_bytes()
        assert "would change" in ais("header", tomogram, "--origin", "1,2,3", "--dry-run")
        assert tomogram.read_bytes() == before

    def test_labels_are_added_and_removed(self, ais, tomogram):
        ais("header", tomogram, "--label", "voxel size by hand", "--label", "second")
        with mrcfile.open(tomogram) as file:
            assert [str(label).strip() for label in file.get_labels()][1:] == ["voxel size by hand", "second"]
        ais("header", tomogram, "--remove-labels", "--label", "only this")
        with mrcfile.open(tomogram) as file:
            assert [str(label).strip() for label in file.get_labels()] == ["only this"]

    def test_the_same_value_again_changes_nothing(self, ais, tomogram):
        assert "nothing to change" in ais("header", tomogram, "--voxel-size", "10A")

    @pytest.mark.parametrize("name", ["tomograms/tardis_mt_patch_a.tif", "segmentations/golgi_crop.mrc.gz"])
    def test_compressed_files_and_pictures_are_refused(self, ais, shared, tmp_path, name):
        copy = tmp_path / os.path.basename(name)
        copy.write_bytes((shared / name).read_bytes())
        done = ais.run("header", copy, "--voxel-size", "10A")
        assert done.returncode == 1 and copy.name in done.stderr
        assert copy.read_bytes() == (shared / name).read_bytes()

    def test_one_bad_file_does_not_keep_the_others(self, ais, tomogram):
        done = ais.run("header", tomogram.parent / "missing.mrc", tomogram, "--voxel-size", "12A")
        assert done.returncode == 1 and "missing.mrc" in done.stderr
        with mrcfile.open(tomogram) as file:
            assert np.allclose(file.voxel_size.tolist(), 12)

    @pytest.mark.parametrize(
        "arguments",
        [[], ["--voxel-size", "10"], ["--voxel-size", "-3A"], ["--origin", "1,2"], ["--label", " "], ["--pixel", "3"]],
    )
    def test_senseless_options_are_refused(self, ais, tomogram, arguments):
        assert ais.run("header", tomogram, *arguments).returncode == 2


class TestPreview:
    def test_draws_the_slice_upright_at_its_size(self, ais, tomogram, tmp_path):
        with mrcfile.open(tomogram, "r+") as file:
            file.data[:] = 0
            file.data[12, :4, :] = 1000  # rows 0 to 3 are drawn at the bottom
        output = tmp_path / "out.png"
        ais("preview", tomogram, "--no-caption", "--no-scale-bar", "--size", "80", "--contrast", "0,1000", "-o", output)
        pixels, texts = read_png(output)
        assert pixels.shape == (64, 80, 3)
        assert (pixels[:40] == 0).all()
        assert (pixels[-3:] == 255).all()
        assert texts["Slices"] == "12"

    def test_finds_the_segmentation_and_paints_it(self, ais, tomogram, tmp_path):
        found = np.zeros((24, 32, 40), np.uint16)
        found[20, 8:24, 10:30] = 255
        with mrcfile.new(tmp_path / "TS_01__Membrane.mrc") as file:
            file.set_data(found)
        words = ais("preview", tomogram, "--slice", "best", "-o", tmp_path / "a.png", "--size", "40", "--no-caption")
        assert "slice 20" in words and "Membrane" in words
        pixels, _ = read_png(tmp_path / "a.png")
        is_coloured = pixels.astype(int).max(axis=2) - pixels.astype(int).min(axis=2) > 30
        assert is_coloured[10:22, 12:28].mean() > 0.95
        assert is_coloured[:6].mean() < 0.05
        ais("preview", tomogram, "--slice", "20", "--plain", "-o", tmp_path / "b.png", "--size", "40", "--no-caption")
        pixels, _ = read_png(tmp_path / "b.png")
        assert (pixels[..., 0] == pixels[..., 2]).all()

    def test_says_when_nothing_of_a_feature_is_to_be_seen(self, ais, tomogram, tmp_path):
        found = np.zeros((24, 32, 40), np.uint16)
        found[20, 8:24, 10:30] = 100
        with mrcfile.new(tmp_path / "TS_01__Membrane.mrc") as file:
            file.set_data(found)
        picture = ["-o", tmp_path / "a.png", "--size", "40"]
        words = ais("preview", tomogram, "--slice", "20", *picture)
        assert "nothing above 128" in words and "greatest value is 100" in words and "--threshold 50" in words
        assert "empty there" in ais("preview", tomogram, "--slice", "3", *picture)
        assert "nothing above" not in ais("preview", tomogram, "--slice", "20", "--threshold", "50", *picture)

    def test_an_unknown_voxel_size_is_the_segmentations(self, ais, tomogram, tmp_path):
        with mrcfile.open(tomogram, "r+") as file:
            file.voxel_size = 0
        with mrcfile.new(tmp_path / "TS_01__Membrane.mrc") as file:
            file.set_data(np.zeros((24, 32, 40), np.uint16))
            file.voxel_size = 13.5
        ais("preview", tomogram, "-o", tmp_path / "a.png", "--size", "40")
        _, texts = read_png(tmp_path / "a.png")
        assert "13.5 Å per voxel (says the segmentation)" in texts["Description"]

    def test_a_montage_has_a_legend_and_a_scale_bar(self, ais, tomogram, tmp_path):
        words = ais("preview", tomogram, "--montage", "4", "-o", tmp_path / "m.png", "--size", "200")
        assert "4 slices" in words

    @pytest.mark.parametrize(
        "arguments",
        [
            ["--slice", "third"], ["--size", "3"], ["--opacity", "2"], ["--threshold", "300"], ["-o", "x.jpg"],
            ["--contrast", "3"], ["--montage", "0"], ["--plain", "-s", "x.mrc"],
        ],
    )
    def test_senseless_options_are_refused(self, ais, tomogram, arguments):
        assert ais.run("preview", tomogram, *arguments).returncode == 2

    def test_failures_leave_no_picture(self, ais, tomogram, tmp_path):
        output = tmp_path / "out.png"
        for arguments in [["--slice", "99"], ["-s", tmp_path / "missing.mrc"], ["-s", tmp_path], ["-m", tomogram]]:
            done = ais.run("preview", tomogram, *arguments, "-o", output)
            assert done.returncode == 1, arguments
            assert done.stderr.strip() != ""
        assert not output.exists()
