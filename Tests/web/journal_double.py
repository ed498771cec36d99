"""A project in memory that behaves as the store does: registers, masks, one journal, undo by composition."""

import base64
import threading
import time


def decode_mask(data: bytes, height: int, width: int) -> bytearray:
    """A byte a pixel, 0 or 1."""
    count = height * width
    pixels = bytearray(count)
    if data[0] == 0:
        assert len(data) == 1 + (count + 7) // 8
        for index in range(count):
            pixels[index] = data[1 + (index >> 3)] >> (index & 7) & 1
        return pixels
    assert data[0] == 1
    lengths, value, shift = [], 0, 0
    for byte in data[1:]:
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            lengths.append(value)
            value, shift = 0, 0
    index = 0
    for gap, run in zip(lengths[::2], lengths[1::2]):
        index += gap
        pixels[index : index + run] = b"\x01" * run
        index += run
    assert index <= count
    return pixels


def encode_mask(pixels: bytes) -> bytes:
    out, end, start = bytearray([1]), 0, pixels.find(1)
    while start >= 0:
        stop = pixels.find(0, start)
        stop = len(pixels) if stop < 0 else stop
        for number in (start - end, stop - start):
            while number > 0x7F:
                out.append(number & 0x7F | 0x80)
                number >>= 7
            out.append(number)
        end, start = stop, pixels.find(1, stop)
    return bytes(out)


FEATURE = {
    "position": 0, "red": 1, "green": 1, "blue": 1, "opacity": 1, "is_visible": 1, "is_outline": 0, "shows_boxes": 1, "is_collapsed": 0,
    "is_flood": 0, "flood_sensitivity": 50, "brush_radius": 10, "box_size": 64,
}
CARD = {"position": 0, "red": 1, "green": 0.5, "blue": 0.2, "opacity": 1, "brush_nanometer": 10, "box_size": 128, "is_used": 1, "level": 128,
        "dust_cubic_nanometer": 1, "surface_opacity": 1, "is_surface_hidden": 0}


def snake(name: str) -> str:
    return "".join("_" + letter.lower() if letter.isupper() else letter for letter in name)


class Refused(Exception):
    def __init__(self, status, code, message, remedy=None):
        super().__init__(message)
        self.status, self.code, self.message, self.remedy = status, code, message, remedy


class Project:
    """All methods are called with `lock` held by the server's handlers."""

    def __init__(self, name: str, datasets: list):
        self.name, self.path = name, f"/data/{name}.ais"
        self.datasets = {dataset["id"]: dataset for dataset in datasets}
        self.cells, self.masks, self.journal, self.undone, self.tokens = {}, {}, [], set(), {}
        self.lock = threading.Condition()
        self.next_id = 1000
        for dataset in datasets:
            shape, size = dataset["shape"], dataset["voxelSizeAngstrom"]
            values = {"live": 1, "name": dataset["name"], "position": dataset["position"], "size_z": shape["z"], "size_y": shape["y"], "size_x": shape["x"]}
            for axis in "zyx":
                values[f"voxel_size_{axis}_angstrom"] = size and size[axis]
            for field, value in values.items():
                self.cells["dataset", dataset["id"], field] = value
        self.first = dict(self.cells)

    # --- reading

    def records(self, kind: str) -> list:
        found = {}
        for (other, number, field), value in self.cells.items():
            if other == kind:
                found.setdefault(number, {"id": number})[field] = value
        return [record for record in found.values() if record.get("live")]

    def shape(self, dataset: int) -> dict:
        return self.datasets[dataset]["shape"]

    def mask(self, dataset: int, feature: int, slice_: int) -> bytearray:
        shape = self.shape(dataset)
        return self.masks.get((dataset, feature, slice_)) or bytearray(shape["y"] * shape["x"])

    def slices(self, dataset: int) -> list:
        live = {record["id"] for record in self.records("feature")}
        found = {}
        for (other, feature, slice_), mask in self.masks.items():
            if other == dataset and feature in live and any(mask):
                found[feature, slice_] = [sum(mask), 0]
        for box in self.records("box"):
            if box["dataset"] == dataset and box["feature"] in live:
                found.setdefault((box["feature"], box["z"]), [0, 0])[1] += 1
        return [{"feature": f, "slice": z, "pixels": p, "boxes": b} for (f, z), (p, b) in sorted(found.items())]

    # --- writing

    def add(self, paths: list, separately: bool) -> list:
        """Those that are there already are named, not added again."""
        names = [path.rsplit("/", 1)[-1].removesuffix(".mrc") for path in paths]
        return [number for number, dataset in self.datasets.items() if dataset["name"] in names]

    def edit(self, body: dict, author: str, client: str) -> dict:
        if body["id"] in self.tokens:
            return self.tokens[body["id"]]
        edits = body["edits"]
        first = edits[0]
        entry = self._line("edit", author, client, kind=first["kind"] if len({e["kind"] for e in edits}) == 1 else "several", label=body.get("label"),
                           dataset=first.get("dataset"), feature=first.get("feature"), slice=first.get("slice"),
                           isUndoable=any(e["kind"] not in ("set-view", "set-setting") for e in edits))
        for edit in edits:
            self._perform(edit, entry)
        self._commit(entry)
        self.tokens[body["id"]] = entry
        return entry

    def undo(self, body: dict, author: str, client: str, action: str):
        if body.get("id") in self.tokens:
            return self.tokens[body["id"]]
        own = [line for line in self.journal if line["action"] == "edit" and line["author"] == author and line["isUndoable"]]
        target = body.get("sequence")
        if target is None and action == "undo":
            target = max((line["sequence"] for line in own if line["sequence"] not in self.undone), default=None)
        elif target is None:
            last = max((line["sequence"] for line in own), default=0)
            target = next((line["target"] for line in reversed(self.journal) if line["action"] == "undo" and line["author"] == author
                           and line["target"] in self.undone and line["sequence"] > last), None)
        if target is None:
            return None
        edit = self.journal[target - 1]
        (self.undone.add if action == "undo" else self.undone.discard)(target)
        entry = self._line(action, author, client, kind=edit["kind"], label=edit["label"], target=target, dataset=edit["dataset"], feature=edit["feature"],
                           slice=edit["slice"], isUndoable=False)
        for change in edit["values"]:
            key = (change["record"]["kind"], change["record"]["id"], change["field"])
            value = self._resolved(key)
            if self.cells.get(key) != value:
                self._set(entry, *key, value)
        for patch in edit["masks"]:
            self._settle(entry, patch)
        self._commit(entry)
        if body.get("id"):
            self.tokens[body["id"]] = entry
        return entry

    def _line(self, action, author, client, **fields):
        return {"sequence": len(self.journal) + 1, "time": int(time.time() * 1000), "author": author, "client": client, "action": action, "target": None,
                "isUndone": False, "values": [], "masks": [], **fields}

    def _commit(self, entry):
        self.journal.append(entry)
        self.lock.notify_all()

    def _set(self, entry, kind, number, field, value):
        self.cells[kind, number, field] = value
        entry["values"].append({"record": {"kind": kind, "id": number}, "field": field, "value": value})

    def _make(self, entry, kind, number, values):
        if number is None:
            self.next_id += 1
            number = self.next_id
        for field, value in {**values, "live": 1}.items():
            self._set(entry, kind, number, field, value)
        return number

    def _resolved(self, key):
        lines = [(line["sequence"] in self.undone, change["value"]) for line in self.journal if line["action"] == "edit" for change in line["values"]
                 if (change["record"]["kind"], change["record"]["id"], change["field"]) == key]
        counting = [value for is_undone, value in lines if not is_undone]
        if counting:
            return counting[-1]
        if key in self.first:
            return self.first[key]
        return 0 if key[2] == "live" else (lines[-1][1] if lines else None)

    def _paint(self, entry, edit):
        rectangle = edit["rectangle"]
        shape = self.shape(edit["dataset"])
        height, width = rectangle["height"], rectangle["width"]
        if rectangle["y"] < 0 or rectangle["x"] < 0 or rectangle["y"] + height > shape["y"] or rectangle["x"] + width > shape["x"]:
            raise Refused(400, "usage", "a stroke lies outside the slice")
        masks = [decode_mask(base64.b64decode(edit[name]), height, width) for name in ("painted", "erased")]
        self._apply(edit, *masks)
        entry["masks"].append({name: edit[name] for name in ("dataset", "feature", "slice", "rectangle", "painted", "erased")})

    def _apply(self, patch, painted, erased):
        key = (patch["dataset"], patch["feature"], patch["slice"])
        mask = self.masks.setdefault(key, bytearray(self.mask(*key)))
        rectangle, width = patch["rectangle"], self.shape(patch["dataset"])["x"]
        for index in range(rectangle["height"] * rectangle["width"]):
            y, x = divmod(index, rectangle["width"])
            at = (rectangle["y"] + y) * width + rectangle["x"] + x
            if painted[index]:
                mask[at] = 1
            elif erased[index]:
                mask[at] = 0

    def _settle(self, entry, patch):
        key = (patch["dataset"], patch["feature"], patch["slice"])
        before = bytearray(self.mask(*key))
        self.masks[key] = bytearray(len(before))
        for line in self.journal:
            if line["action"] == "edit" and line["sequence"] not in self.undone:
                for other in line["masks"]:
                    if (other["dataset"], other["feature"], other["slice"]) == key:
                        rectangle = other["rectangle"]
                        self._apply(other, *(decode_mask(base64.b64decode(other[name]), rectangle["height"], rectangle["width"]) for name in ("painted", "erased")))
        after = self.masks[key]
        shape = self.shape(patch["dataset"])
        whole = {"y": 0, "x": 0, "height": shape["y"], "width": shape["x"]}
        code = [base64.b64encode(encode_mask(bytes(a & ~b & 1 for a, b in zip(*pair)))).decode() for pair in ((after, before), (before, after))]
        entry["masks"].append({"dataset": key[0], "feature": key[1], "slice": key[2], "rectangle": whole, "painted": code[0], "erased": code[1]})

    def _perform(self, edit, entry):
        kind = edit["kind"]
        fields = {snake(name): (int(value) if isinstance(value, bool) else value) for name, value in edit.items() if not isinstance(value, (dict, list)) and name not in ("kind", "id")}
        fields.update(edit.get("colour") or {})
        if kind == "paint":
            self._paint(entry, edit)
        elif kind == "create-feature":
            position = max((record["position"] for record in self.records("feature")), default=-1) + 1
            self._make(entry, "feature", edit.get("id"), {**FEATURE, "position": position, **fields})
        elif kind == "place-box":
            self._make(entry, "box", edit.get("id"), {"dataset": edit["dataset"], "feature": edit["feature"], "z": edit["slice"], "y": edit["y"], "x": edit["x"]})
        elif kind == "move-box":
            for field, name in (("z", "slice"), ("y", "y"), ("x", "x")):
                self._set(entry, "box", edit["box"], field, edit[name])
        elif kind == "clear-slice":
            key = (edit["dataset"], edit["feature"], edit["slice"])
            mask = self.mask(*key)
            shape = self.shape(edit["dataset"])
            if any(mask):
                patch = {**edit, "rectangle": {"y": 0, "x": 0, "height": shape["y"], "width": shape["x"]}, "painted": base64.b64encode(b"\x01").decode(),
                         "erased": base64.b64encode(encode_mask(b"\x01" * len(mask))).decode()}
                self._paint(entry, patch)
            for box in self.records("box"):
                if (box["dataset"], box["feature"], box["z"]) == key:
                    self._set(entry, "box", box["id"], "live", 0)
        elif kind == "set-box-size":
            self._make(entry, "layer", None, {"dataset": edit["dataset"], "feature": edit["feature"], "box_size": edit["boxSize"]})
        elif kind == "set-view":
            self.datasets[edit["dataset"]].setdefault("views", {})[entry["author"]] = {name: value for name, value in edit.items() if name not in ("kind", "dataset")}
        elif kind == "set-setting":
            pass
        elif kind == "change-dataset":
            size = edit.get("voxelSizeAngstrom")
            if size:
                fields.update({f"voxel_size_{axis}_angstrom": size[axis] for axis in "zyx"})
            for field, value in fields.items():
                if field != "dataset":
                    self._set(entry, "dataset", edit["dataset"], field, value)
        elif kind == "add-library":
            self._make(entry, "library", None, fields)
        elif kind == "add-library-feature":
            self._make(entry, "library_feature", None, {**CARD, **fields})
        elif kind == "relink-version":
            version = next(v for d in self.datasets.values() for v in d["versions"] if v["id"] == edit["version"])
            version.update(path=edit["path"], state="ok", reason="", key=version["key"] + "'")
            self._set(entry, "version", edit["version"], "path", edit["path"])
        else:
            verb, _, noun = kind.partition("-")
            subject = {"library-feature": "card"}.get(noun, noun)
            table = noun.replace("-", "_")
            if verb not in ("change", "remove", "delete") or subject not in edit:
                raise Refused(400, "usage", f"'{kind}' is no edit")
            if kind == "remove-version":
                for dataset in self.datasets.values():
                    dataset["versions"] = [version for version in dataset["versions"] if version["id"] != edit["version"]]
            if verb == "change":
                for field, value in fields.items():
                    if field != snake(subject):
                        self._set(entry, table, edit[subject], field, value)
            else:
                self._set(entry, table, edit[subject], "live", 0)
