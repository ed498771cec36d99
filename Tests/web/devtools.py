"""One page of a browser through its debugging port, with nothing of the debugger switched on: playwright has the browser keep
the answers of the server, up to 100 MB a page, which would be measured as the page's memory."""

import base64
import json
import os
import pathlib
import re
import socket
import struct
import subprocess
import urllib.request


class Tab:
    """A browser of its own, showing one address."""

    def __init__(self, command: list, profile: pathlib.Path, address: str):
        self.process = subprocess.Popen(
            [*command, "--headless", "--remote-debugging-port=0", "--window-size=1440,900", "--enable-precise-memory-info", f"--user-data-dir={profile}", address],
            stderr=subprocess.PIPE, text=True)
        port = next(int(found[1]) for found in (re.search(r"ws://127\.0\.0\.1:(\d+)/", line) for line in self.process.stderr) if found)
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/json/list") as answer:
            target = next(target for target in json.load(answer) if target["type"] == "page")
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=300)
        key = base64.b64encode(os.urandom(16)).decode()
        self.socket.sendall((
            f"GET /devtools/page/{target['id']} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n").encode())
        self.stream = self.socket.makefile("rb")
        while self.stream.readline().strip():
            pass
        self.number = 0

    def call(self, method: str, **parameters) -> dict:
        self.number += 1
        data = json.dumps({"id": self.number, "method": method, "params": parameters}).encode()
        length = bytes([0x80 | len(data)]) if len(data) < 126 else struct.pack(">BH", 0xFE, len(data))
        self.socket.sendall(b"\x81" + length + bytes(4) + data)
        while True:
            _, count = self.stream.read(2)
            if count >= 126:
                (count,) = struct.unpack(">H" if count == 126 else ">Q", self.stream.read(2 if count == 126 else 8))
            answer = json.loads(self.stream.read(count))
            if answer.get("id") == self.number:
                return answer["result"]

    def evaluate(self, expression: str):
        answer = self.call("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def memory(self, kind: str) -> int:
        """MiB of the largest process of this browser of a kind: its own, and its share of what it has in common with others."""
        parents, found = {}, []
        for process in pathlib.Path("/proc").glob("[0-9]*"):
            try:
                parents[int(process.name)] = int((process / "stat").read_text().rpartition(")")[2].split()[1])
                if f"--type={kind}" in (process / "cmdline").read_text():
                    share = next(line for line in (process / "smaps_rollup").read_text().splitlines() if line.startswith("Pss:"))
                    found.append((int(process.name), int(share.split()[1]) // 1024))
            except OSError:
                continue

        def is_ours(number):
            while number > 1 and number != self.process.pid:
                number = parents.get(number, 0)
            return number == self.process.pid

        return max((size for number, size in found if is_ours(number)), default=0)

    def close(self):
        self.process.kill()
        self.process.wait()
