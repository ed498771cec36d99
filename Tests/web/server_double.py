"""A server that speaks the page's contract with made-up tomograms and a journal in memory: the page can be tried and tested
without the program. Standard library only.

    python3 Tests/web/server_double.py [PORT]
"""

import array
import http.server
import json
import math
import pathlib
import re
import struct
import sys
import threading
import time
import urllib.parse
import zlib

from journal_double import Project, Refused, encode_mask

WEB = pathlib.Path(__file__).resolve().parents[2] / "Sources" / "AisServer" / "Resources" / "Web"
TYPES = {".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".ttf": "font/ttf", ".txt": "text/plain"}
TILE = 1024


def tomograms(count: int, side: int = 256, depth: int = 40) -> list:
    """Datasets 1…count; the first has a denoised version binned by two, the last is missing."""
    made = []
    for number in range(1, count + 1):
        shape = {"z": depth, "y": side, "x": side + 32 * ((number + 1) % 2)}
        versions = [{"id": 100 * number, "kind": "raw", "title": "raw", "path": f"/data/rec/lam_{number:03}.mrc", "shape": shape, "scale": {"up": 1, "down": 1}, "state": "ok", "reason": "", "key": f"k{number}"}]
        if number == 1:
            half = {axis: -(-size // 2) for axis, size in shape.items()}
            versions.append({**versions[0], "id": 101, "kind": "denoised", "title": "denoised, bin 2", "path": "/data/rec/lam_001_bin2.mrc", "shape": half, "scale": {"up": 2, "down": 1}, "key": "k1b"})
        if number == count and count > 2:
            versions[0].update(state="missing", reason="The program looked in the folder rec/ and in lamella2/rec/.")
        made.append({"id": number, "name": f"lam_{number:03}", "position": number, "shape": shape, "voxelSizeAngstrom": None if number == 2 else {"z": 10, "y": 10, "x": 10}, "versions": versions})
    return made


def value(z: float, y: float, x: float) -> float:
    """Waves and a dark disc in the middle, about zero: the same at every binning."""
    disc = -60 if (y - 128) ** 2 + (x - 128) ** 2 < 30**2 else 0
    return 20 * math.sin(x / 9 + z / 3) * math.cos(y / 11) + 10 * math.sin((x * 7 + y * 13 + z * 5) * 0.7) + disc


class Slices:
    """Grey values of slices, remembered for all servers of a run: making them is slow."""

    cache, lock = {}, threading.Lock()

    def __init__(self):
        self.asked = []

    def tile(self, version, axis, index, level, row, column):
        shape, factor = version["shape"], version["scale"]["up"] / version["scale"]["down"]
        height, width = {"xy": (shape["y"], shape["x"]), "xz": (shape["z"], shape["x"]), "yz": (shape["z"], shape["y"])}[axis]
        step = 2**level
        rows, columns = math.ceil(height / step), math.ceil(width / step)
        y0, x0 = row * TILE, column * TILE
        rows, columns = min(TILE, rows - y0), min(TILE, columns - x0)
        key = (version["key"], height, width, axis, index, level, row, column)
        with self.lock:
            self.asked.append(key)
            if key not in self.cache:
                def frame(p):
                    return (p + 0.5) * factor - 0.5
                values = array.array("f")
                for y in range(y0, y0 + rows):
                    v = frame((y + 0.5) * step - 0.5)
                    for x in range(x0, x0 + columns):
                        u = frame((x + 0.5) * step - 0.5)
                        values.append({"xy": lambda: value(frame(index), v, u), "xz": lambda: value(v, frame(index), u), "yz": lambda: value(v, u, frame(index))}[axis]())
                self.cache[key] = values
            return self.cache[key], rows, columns


def png(height: int, width: int, grey) -> bytes:
    def chunk(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
    raw = b"".join(b"\0" + bytes(grey(y, x) for x in range(width)) for y in range(height))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)) + chunk(b"IDAT", zlib.compress(raw)) + chunk(b"IEND", b"")


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True
    # A browser opens many connections at once; a short queue would make some of them wait for seconds.
    request_queue_size = 128

    def __init__(self, port: int = 0, count: int = 12, side: int = 256):
        super().__init__(("127.0.0.1", port), Handler)
        self.project, self.slices = Project("Test", tomograms(count, side)), Slices()
        self.people, self.jobs, self.requests, self.is_down, self.delay = {}, [], [], False, 0.0
        self.generation = 0
        self.key, self.token, self.cookie = "test", "none", "none"

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def start(self):
        threading.Thread(target=self.serve_forever, daemon=True).start()
        return self

    def cut(self):
        """Answers nothing and drops all streams, as a killed server does, until `mend`."""
        self.is_down = True
        with self.project.lock:
            self.generation += 1
            self.project.lock.notify_all()

    def mend(self):
        self.is_down = False

    def stop(self):
        self.cut()
        self.shutdown()

    def handle_error(self, request, client_address):
        pass


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    server: Server

    def log_message(self, *_):
        pass

    def do_GET(self):
        self.answer("GET")

    def do_POST(self):
        self.answer("POST")

    def do_DELETE(self):
        self.answer("DELETE")

    def answer(self, method):
        if self.server.is_down:
            self.close_connection = True
            self.connection.close()
            return
        url = urllib.parse.urlsplit(self.path)
        query = {name: values[0] for name, values in urllib.parse.parse_qs(url.query).items()}
        length = int(self.headers.get("Content-Length") or 0)
        body = json.loads(self.rfile.read(length) or b"{}") if method == "POST" else {}
        author = urllib.parse.unquote(self.headers.get("X-Ais-Author", ""))
        client = self.headers.get("X-Ais-Client", "")
        if url.path.startswith("/api/"):
            self.server.requests.append((method, url.path, body))
            try:
                self.api(method, url.path.removeprefix("/api/"), query, body, author, client)
            except Refused as error:
                self.json({"schema": "ais.error/1", "code": error.code, "message": error.message, "remedy": error.remedy}, error.status)
        else:
            self.file("/index.html" if url.path == "/" or url.path.startswith("/p/") else url.path)

    def file(self, path):
        file = (WEB / path.lstrip("/")).resolve()
        if not file.is_relative_to(WEB) or not file.is_file():
            self.send(b"not found", "text/plain", 404)
        else:
            self.send(file.read_bytes(), TYPES.get(file.suffix, "application/octet-stream"))

    def send(self, data, kind="application/octet-stream", status=200, headers=()):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        self.send_header("Cache-Control", "no-store")
        for name, content in headers:
            self.send_header(name, str(content))
        self.end_headers()
        self.wfile.write(data)

    def json(self, value, status=200):
        self.send(json.dumps(value).encode(), "application/json", status)

    def api(self, method, path, query, body, author, client):
        server, project = self.server, self.server.project
        if path == "session":
            return self.json({"version": "0.1", "roots": [{"path": "/data", "name": "data"}], "recent": [{"path": project.path, "name": project.name, "opened": time.time() * 1000 - 86400000, "datasets": len(project.datasets)},
                {"path": "/usb/neurons.ais", "name": "Neurons", "opened": 1e12, "isThere": False}], "open": [], "machine": {"threads": 2, "memoryBytes": 2**33}, "author": "Jo Visser"})
        if path == "open":
            return self.json({"project": "test"})
        if path == "files":
            return self.files(query.get("path", "/data"))
        if path == "roots":
            return self.json({})
        assert path.startswith("projects/test")
        rest = path.removeprefix("projects/test").strip("/")
        with project.lock:
            if rest == "":
                return self.json(self.snapshot())
            if rest == "edits":
                time.sleep(server.delay)
                return self.json({"entry": project.edit(body, author, client)})
            if rest in ("undo", "redo"):
                return self.json({"entry": project.undo(body, author, client, rest)})
            if rest == "history":
                return self.history(query)
            if rest == "jobs" and method == "GET":
                return self.json({"jobs": server.jobs})
            if rest in ("jobs", "imports", "exports"):
                job = {"id": f"j{len(server.jobs)}", "kind": body["kind"], "title": f"{rest[:-1].capitalize()}: {body['kind']}", "state": "done", "fraction": 1, "files": [f"/data/{body['kind']}.mrc"] if rest == "exports" else []}
                server.jobs.insert(0, job)
                project.lock.notify_all()
                return self.json(job)
            if rest == "presence":
                server.people[client] = {"name": author, "client": client, "colour": "#6fd8ff", **body}
                project.lock.notify_all()
                return self.json({})
            if rest == "paths":
                versions = [version for dataset in project.datasets.values() for version in dataset["versions"]]
                matches = [{"version": v["id"], "from": v["path"], "to": v["path"].replace(body["find"], body["replace"]), "exists": "new" in body["replace"]} for v in versions if body["find"] in v["path"]]
                for match in matches if body["apply"] else []:
                    next(v for v in versions if v["id"] == match["version"])["path"] = match["to"]
                return self.json({"matches": matches})
            if rest == "datasets":
                return self.json({"added": project.add(body["paths"], body.get("separately"))})
        if rest == "events":
            return self.events(int(query["after"]), query.get("client", ""))
        match = re.fullmatch(r"datasets/(\d+)/(.*)", rest)
        if not match:
            raise Refused(404, "not-found", f"'{path}' is nothing")
        return self.dataset(int(match[1]), match[2], query, author)

    def dataset(self, number, rest, query, author):
        project = self.server.project
        if rest == "annotations":
            with project.lock:
                live = {record["id"] for record in project.records("feature")}
                boxes = [{"id": b["id"], "feature": b["feature"], "slice": b["z"], "y": b["y"], "x": b["x"]} for b in project.records("box") if b["dataset"] == number and b["feature"] in live]
                return self.json({"sequence": len(project.journal), "slices": project.slices(number), "boxes": boxes, "view": project.datasets[number].get("views", {}).get(author)})
        if rest == "thumbnail":
            return self.send(png(72, 72, lambda y, x: max(0, min(255, int(128 + 1.5 * value(number, y * 3.5, x * 3.5))))), "image/png")
        if rest == "checkup":
            return self.json({"findings": [{"code": "voxel-size", "severity": "warning", "message": "The voxel size is unknown: the header holds none.", "remedy": {"kind": "voxel-size", "title": "Set 10 Å"}}] if number == 2 else []})
        if rest == "mend":
            return self.json({})
        if match := re.fullmatch(r"masks/(\d+)/(\d+)", rest):
            with project.lock:
                shape = project.shape(number)
                data = encode_mask(bytes(project.mask(number, int(match[1]), int(match[2]))))
                headers = [("X-Ais-Height", shape["y"]), ("X-Ais-Width", shape["x"]), ("X-Ais-Sequence", len(project.journal))]
            return self.send(data, headers=headers)
        match = re.fullmatch(r"versions/(\d+)/slices/(xy|xz|yz)/(\d+)/(\d+)/(\d+)/(\d+)", rest)
        version = next((v for v in project.datasets[number]["versions"] if match and v["id"] == int(match[1])), None)
        if not version or version["state"] == "missing":
            raise Refused(404, "not-found", "the tomogram is not where it was")
        values, rows, columns = self.server.slices.tile(version, match[2], *(int(match[group]) for group in (3, 4, 5, 6)))
        headers = [("X-Ais-Height", rows), ("X-Ais-Width", columns)]
        if query.get("format") == "u8":
            low, high = min(values), max(values)
            step = (high - low) / 255 or 1
            return self.send(bytes(round((v - low) / step) for v in values), headers=[*headers, ("X-Ais-Offset", low), ("X-Ais-Step", step)])
        return self.send(struct.pack(f"<{len(values)}e", *values), headers=headers)

    def snapshot(self):
        project = self.server.project
        datasets = [{name: value for name, value in dataset.items() if name != "views"} for dataset in project.datasets.values() if project.cells["dataset", dataset["id"], "live"]]
        annotated = {}
        for dataset in project.datasets:
            for item in project.slices(dataset):
                total = annotated.setdefault((dataset, item["feature"]), [0, 0])
                total[0] += 1
                total[1] += item["boxes"]
        def camel(record):
            return {re.sub("_(.)", lambda m: m[1].upper(), name): value for name, value in record.items()}
        libraries = [{**camel(library), "features": [camel(card) for card in project.records("library_feature") if card["library"] == library["id"]]} for library in project.records("library")]
        return {"schema": "ais.project/1", "sequence": len(project.journal), "name": project.name, "path": project.path, "datasets": datasets, "features": [camel(record) for record in project.records("feature")],
                "libraries": libraries, "settings": {}, "annotated": [{"dataset": d, "feature": f, "slices": s, "boxes": b} for (d, f), (s, b) in annotated.items()], "people": list(self.server.people.values())}

    def history(self, query):
        project = self.server.project
        lines = [line for line in project.journal if line["isUndoable"] or line["action"] != "edit" or line["label"]]
        if "before" in query:
            lines = [line for line in lines if line["sequence"] < int(query["before"])]
        if "author" in query:
            lines = [line for line in lines if line["author"] == query["author"]]
        if "dataset" in query:
            lines = [line for line in lines if line["dataset"] == int(query["dataset"])]
        lines = lines[::-1][: int(query.get("limit", 100))]
        return self.json({"entries": [{**line, "values": [], "masks": [], "isUndone": line["sequence"] in project.undone} for line in lines]})

    def events(self, after, client):
        server, project = self.server, self.server.project
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Cache-Control", "no-store")
        self.send_header("Connection", "close")
        self.end_headers()
        self.close_connection = True
        generation, people, jobs = server.generation, None, list(server.jobs)

        def say(event, value, number=None):
            line = f"id: {number}\n" if number else ""
            self.wfile.write(f"{line}event: {event}\ndata: {json.dumps(value)}\n\n".encode())
            self.wfile.flush()
        try:
            self.wfile.write(b": hello\n\n")
            self.wfile.flush()
            with project.lock:
                server.people.setdefault(client, {"name": "Jo Visser", "client": client, "colour": "#6fd8ff"})
                while not server.is_down and server.generation == generation:
                    for entry in project.journal[after:]:
                        say("entry", entry, entry["sequence"])
                        after = entry["sequence"]
                    if people != server.people:
                        people = dict(server.people)
                        say("presence", {"people": list(people.values())})
                    for job in server.jobs:
                        if job not in jobs:
                            say("job", job)
                            jobs.append(job)
                    project.lock.wait(0.5)
        except OSError:
            pass
        server.people.pop(client, None)

    def files(self, path):
        if not path.startswith("/data"):
            raise Refused(403, "outside-roots", f"'{path}' lies outside the folders that Ais was given.", {"kind": "add-root", "path": path})
        entries = [{"name": name, "path": f"{path}/{name}", "isFolder": folder, "byteCount": size, "modified": 1762000000000, "kind": kind}
                   for name, folder, size, kind in [("rec", True, None, "folder"), ("Test.ais", True, None, "project"), ("lam_001.mrc", False, 2 << 30, "tomogram"), ("lam_002.mrc", False, 2 << 30, "tomogram"), ("lam_003.mrc", False, 3 << 30, "tomogram"), ("cell_c.scns", False, 1 << 20, "annotations")]]
        self.json({"path": path, "parent": None if path == "/data" else path.rsplit("/", 1)[0], "entries": entries})


if __name__ == "__main__":
    running = Server(int(sys.argv[1]) if len(sys.argv) > 1 else 8765)
    print(running.address, flush=True)
    running.serve_forever()
