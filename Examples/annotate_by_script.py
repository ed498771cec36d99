#!/usr/bin/env python3
"""Paints everything darker than a threshold in some slices of an open project: an example of working with `ais app` from a script.

Only Python's standard library is needed. Start the program and hand the script what it prints:

    ais app tomograms/ --json --no-open > app.json &
    python3 annotate_by_script.py app.json --feature Dark --below -1.5 --slices 20:40:5

The edits are those of the page: each is one step in the history, and can be undone there. docs/reference/api.md
describes the addresses.
"""

import argparse
import base64
import json
import struct
import urllib.request
import uuid


class Program:
    """The program, as its first line describes it."""

    def __init__(self, about, author):
        self.address, self.token, self.author = about["address"], about["token"], author
        self.project = f"/api/projects/{about['project']}"

    def ask(self, path, body=None):
        """Headers and body of the answer; a refusal is an error with the program's own sentence."""
        request = urllib.request.Request(
            self.address + path, data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"Bearer {self.token}", "X-Ais-Author": self.author, "X-Ais-Client": "annotate_by_script"})
        try:
            with urllib.request.urlopen(request) as answer:
                return answer.headers, answer.read()
        except urllib.error.HTTPError as error:
            raise SystemExit(json.load(error).get("message", error)) from None

    def json(self, path, body=None):
        return json.loads(self.ask(path, body)[1])

    def edit(self, label, *edits):
        # Sent again with the same id, an edit is not made twice: a script may repeat what was not answered.
        return self.json(f"{self.project}/edits", {"id": str(uuid.uuid4()), "label": label, "edits": edits})["entry"]

    def slice(self, dataset, version, z):
        """Rows of values of a slice, put together from its tiles."""
        shape, rows = version["shape"], []
        for tile_row in range(-(-shape["y"] // 1024)):
            tiles = []
            for tile_column in range(-(-shape["x"] // 1024)):
                headers, content = self.ask(
                    f"{self.project}/datasets/{dataset['id']}/versions/{version['id']}/slices/xy/{z}/0/{tile_row}/{tile_column}"
                    f"?key={version['key']}&format=f16")
                height, width = int(headers["X-Ais-Height"]), int(headers["X-Ais-Width"])
                offset, step = float(headers.get("X-Ais-Offset", 0)), float(headers.get("X-Ais-Step", 1))
                values = [offset + step * value for value in struct.unpack(f"<{height * width}e", content)]
                tiles.append([values[y * width : (y + 1) * width] for y in range(height)])
            rows += [sum(parts, []) for parts in zip(*tiles)]
        return rows


def mask(rows, is_painted):
    """The mask of a whole slice: lengths of runs, unpainted and painted in turn, 7 bits a byte."""
    runs, current, length = [], False, 0
    for row in rows:
        for value in row:
            painted = is_painted(value)
            if painted != current:
                runs.append(length)
                current, length = painted, 0
            length += 1
    if current:
        runs.append(length)
    out = bytearray([1])
    for number in runs:
        while number > 0x7F:
            out.append(number & 0x7F | 0x80)
            number >>= 7
        out.append(number)
    return base64.b64encode(out).decode()


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("about", help="the file with the line that 'ais app --json' printed")
    parser.add_argument("--feature", default="Dark")
    parser.add_argument("--below", type=float, default=-1.5, help="standard deviations from the mean")
    parser.add_argument("--slices", default="0:1000000:10", help="first:last:step")
    parser.add_argument("--author", default="script")
    options = parser.parse_args()
    with open(options.about) as file:
        program = Program(json.loads(file.readline()), options.author)

    state = program.json(program.project)
    feature = next((one["id"] for one in state["features"] if one["title"] == options.feature), None)
    if feature is None:
        entry = program.edit(None, {"kind": "create-feature", "title": options.feature})
        feature = entry["values"][0]["record"]["id"]
    first, last, step = map(int, options.slices.split(":"))
    for dataset in state["datasets"]:
        version = next((one for one in dataset["versions"] if one["scale"] == {"up": 1, "down": 1} and one["state"] == "ok"), None)
        if version is None:
            print(f"{dataset['name']}: no file that can be read")
            continue
        values = program.json(f"{program.project}/datasets/{dataset['id']}/versions/{version['id']}/statistics?key={version['key']}")
        threshold = values["mean"] + options.below * values["standardDeviation"]
        for z in range(first, min(last, dataset["shape"]["z"]), step):
            rows = program.slice(dataset, version, z)
            whole = {"y": 0, "x": 0, "height": len(rows), "width": len(rows[0])}
            program.edit(
                f"below {threshold:.3g}",
                {"kind": "paint", "dataset": dataset["id"], "feature": feature, "slice": z, "rectangle": whole,
                 "painted": mask(rows, lambda value: value < threshold), "erased": base64.b64encode(b"\1").decode()})
            print(f"{dataset['name']}, slice {z}")


if __name__ == "__main__":
    main()
