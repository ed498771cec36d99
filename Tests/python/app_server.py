"""Starts `ais app` as a process and speaks to it over its documented addresses."""

import base64
import http.client
import json
import os
import signal
import socket
import subprocess
import threading
import time
import urllib.parse
import uuid


class Refused(Exception):
    def __init__(self, status, body):
        super().__init__(f"{status}: {body}")
        self.status, self.body = status, body
        try:
            document = json.loads(body)
        except ValueError:
            document = {}
        self.code, self.message, self.remedy = document.get("code"), document.get("message", ""), document.get("remedy")


class App:
    """One running server; `stop` and `kill` end it, `start` begins anew with the same token and port."""

    def __init__(self, program, home, *arguments, paths=(), environment=None):
        self.program, self.home, self.arguments, self.paths = program, home, list(map(str, arguments)), list(map(str, paths))
        self.token = "a1b2c3d4" * 4
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(("SSH_", "SLURM_", "DISPLAY", "WAYLAND"))}
        self.environment = {
            **inherited, "XDG_STATE_HOME": str(home / "state"), "XDG_DATA_HOME": str(home / "data"), "HOME": str(home), "AIS_TOKEN": self.token, **(environment or {})}
        self.port = free_port()
        self.process = None
        self.start()

    def start(self):
        command = [str(self.program), "app", "--json", "--no-open", "--port", str(self.port), *self.arguments, *self.paths]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=self.environment, cwd=self.home)
        line = self.process.stdout.readline()
        assert line, f"'{' '.join(command)}' did not start: {self.process.stderr.read()}"
        self.about = json.loads(line)
        self.project = self.about.get("project")
        return self

    def stop(self):
        """Asks it to end as Ctrl-C does, and returns its exit code."""
        self.process.send_signal(signal.SIGINT)
        return self.wait()

    def wait(self, timeout=60):
        code = self.process.wait(timeout)
        self.process.stdout.close()
        self.process.stderr.close()
        return code

    def kill(self):
        self.process.kill()
        self.wait()

    def request(self, method, path, body=None, headers=None, author="Anna", client="script", host=None, timeout=60):
        """Status, headers and body of an answer, whatever it is."""
        sent = {"Authorization": f"Bearer {self.token}", "X-Ais-Author": urllib.parse.quote(author), "X-Ais-Client": client}
        sent.update(headers or {})
        sent = {name: value for name, value in sent.items() if value is not None}
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            if host:
                connection.putrequest(method, path, skip_host=True)
                connection.putheader("Host", host)
                for name, value in sent.items():
                    connection.putheader(name, value)
                connection.endheaders(body)
            else:
                connection.request(method, path, body, sent)
            answer = connection.getresponse()
            return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
        finally:
            connection.close()

    def get(self, path, **options):
        return self.json("GET", path, **options)

    def post(self, path, body=None, **options):
        return self.json("POST", path, json.dumps(body or {}), **options)

    def json(self, method, path, body=None, **options):
        status, _, content = self.request(method, path, body, **options)
        if status >= 400:
            raise Refused(status, content)
        return json.loads(content)

    @property
    def at(self):
        return f"/api/projects/{self.project}"

    def snapshot(self):
        return self.get(self.at)

    def edit(self, *edits, id=None, label=None, **options):
        return self.post(f"{self.at}/edits", {"id": id or str(uuid.uuid4()), "label": label, "edits": edits}, **options)["entry"]

    def feature(self, title="Membrane"):
        entry = self.edit({"kind": "create-feature", "title": title})
        return entry["values"][0]["record"]["id"]

    def mask(self, feature, slice_, dataset=1):
        """Pixels of a slice, a byte each, and its width."""
        _, headers, content = self.request("GET", f"{self.at}/datasets/{dataset}/masks/{feature}/{slice_}")
        height, width = int(headers["x-ais-height"]), int(headers["x-ais-width"])
        return decoded(content, height * width), width

    def job(self, path, body, seconds=60):
        """Starts a job and waits until it is over."""
        job = self.post(f"{self.at}/{path}", body)
        end = time.monotonic() + seconds
        while True:
            found = next(other for other in self.get(f"{self.at}/jobs")["jobs"] if other["id"] == job["id"])
            if found["state"] not in ("waiting", "running"):
                return found
            assert time.monotonic() < end, found
            threading.Event().wait(0.05)

    def log(self):
        files = sorted((self.home / "state" / "ais" / "log").glob("*.jsonl"))
        return [json.loads(line) for file in files for line in file.read_text().splitlines()]


class Events:
    """A stream of events, read line by line."""

    def __init__(self, app, after=0, client="watcher", last=None, project=None):
        self.connection = http.client.HTTPConnection("127.0.0.1", app.port, timeout=60)
        headers = {"Authorization": f"Bearer {app.token}", **({"Last-Event-ID": str(last)} if last is not None else {})}
        self.connection.request("GET", f"/api/projects/{project or app.project}/events?after={after}&client={client}", headers=headers)
        self.answer = self.connection.getresponse()
        assert self.answer.status == 200

    def next(self, *kinds):
        """The next event of one of these kinds, or `None` when the stream ended."""
        name, number, data = None, None, None
        while True:
            line = self.answer.readline()
            if not line:
                return None
            line = line.decode().rstrip("\n")
            if line.startswith("event: "):
                name = line[7:]
            elif line.startswith("id: "):
                number = int(line[4:])
            elif line.startswith("data: "):
                data = json.loads(line[6:])
            elif not line and name:
                if not kinds or name in kinds:
                    return name, number, data
                name, number, data = None, None, None

    def close(self):
        self.answer.close()
        self.connection.close()


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def decoded(content, count):
    """A mask as the server sends it: runs, or a bit a pixel (docs/reference/project.md)."""
    pixels = bytearray(count)
    if content[0] == 0:
        for index in range(count):
            pixels[index] = content[1 + (index >> 3)] >> (index & 7) & 1
        return pixels
    place, painted, number, shift = 0, False, 0, 0
    for byte in content[1:]:
        number |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            if painted:
                pixels[place : place + number] = b"\1" * number
            place, painted, number, shift = place + number, not painted, 0, 0
    return pixels


def stroke(feature, slice_, y, x, height=3, width=4, dataset=1, erases=False):
    """A rectangle that is all painted, or all erased."""
    full = base64.b64encode(bytes([1, 0]) + leb128(height * width)).decode()
    empty = base64.b64encode(bytes([1])).decode()
    return {"kind": "paint", "dataset": dataset, "feature": feature, "slice": slice_, "rectangle": {"y": y, "x": x, "height": height, "width": width},
            "painted": empty if erases else full, "erased": full if erases else empty}


def leb128(number):
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes(out) + bytes([number])
