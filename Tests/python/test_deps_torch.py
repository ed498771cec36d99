"""'make deps-torch' on an index of our own with packages of a few bytes: interrupted, resumed, refused."""

import base64
import functools
import hashlib
import http.server
import os
import pathlib
import shutil
import stat
import subprocess
import threading
import zipfile

import pytest

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]


def wheel(folder: pathlib.Path, name: str, version: str, files: dict[str, str]) -> tuple[pathlib.Path, str]:
    path = folder / f"{name.replace('-', '_')}-{version}-py3-none-any.whl"
    info = f"{name.replace('-', '_')}-{version}.dist-info"
    everything = {
        **files, f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(
        f"{entry},sha256={base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).decode().rstrip('=')},{len(text)}\n"
        for entry, text in everything.items())
    with zipfile.ZipFile(path, "w") as archive:
        for entry, text in {**everything, f"{info}/RECORD": record}.items():
            archive.writestr(entry, text)
    return path, hashlib.sha256(path.read_bytes()).hexdigest()


class Checkout:
    """A copy of the scripts whose list names small packages, and the index that has them."""

    def __init__(self, folder: pathlib.Path):
        self.root = folder / "checkout"
        self.cache = folder / "cache"
        self.files = folder / "index"
        shutil.copytree(REPOSITORY / "Scripts", self.root / "Scripts")
        self.files.mkdir()
        torch, torch_hash = wheel(
            self.files, "torch", "2.11.0",
            {"torch/lib/libtorch_cpu.so": "x", "torch/include/ATen/ATen.h": "x", "torch/python.py": "x"})
        part, part_hash = wheel(self.files, "nvidia-small", "1.0", {"nvidia/cu13/lib/libcudart.so.13": "x"})
        self.parts = {"torch": torch, "nvidia-small": part}
        self.list = self.root / "Scripts" / "torch-cpu.txt"
        self.list.write_text(
            f"torch==2.11.0 --hash=sha256:{torch_hash}\nnvidia-small==1.0 --hash=sha256:{part_hash}\n")
        for name, path in self.parts.items():
            page = self.files / "simple" / name
            page.mkdir(parents=True)
            (page / "index.html").write_text(f'<a href="/{path.name}">{path.name}</a>')
        self.requests: list[str] = []
        asked = self.requests

        class Handler(http.server.SimpleHTTPRequestHandler):
            def do_GET(self):
                asked.append(self.path)
                super().do_GET()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Handler, directory=self.files))
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def run(self, **environment) -> subprocess.CompletedProcess:
        variables = {
            **os.environ, "AIS_TORCH_VARIANT": "cpu", "AIS_CACHE": str(self.cache),
            "PIP_INDEX_URL": f"http://127.0.0.1:{self.server.server_port}/simple", "PIP_FIND_LINKS": "", **environment}
        variables.pop("AIS_LIBTORCH", None)
        return subprocess.run(
            [self.root / "Scripts" / "deps-torch"], env=variables, capture_output=True, text=True, timeout=300)


@pytest.fixture
def checkout(tmp_path):
    # The pip of its own that the script takes is fetched from the real index, once, into the usual cache.
    done = subprocess.run(
        [REPOSITORY / "Scripts" / "python-env", REPOSITORY / "Scripts" / "torch-pip.txt"], capture_output=True, text=True)
    if done.returncode != 0:
        pytest.skip(f"pip could not be set up: {done.stderr.splitlines()[-1]}")
    checkout = Checkout(tmp_path)
    usual = pathlib.Path(done.stdout.strip()).parents[2]
    checkout.cache.mkdir()
    (checkout.cache / "python").symlink_to(usual)
    yield checkout
    checkout.server.shutdown()


def test_what_is_named_is_fetched_and_unpacked_and_then_is_there(checkout):
    done = checkout.run()
    assert done.returncode == 0, done.stdout + done.stderr
    torch = pathlib.Path(done.stdout.splitlines()[-1])
    assert (torch / "lib" / "libtorch_cpu.so").exists()
    assert (torch.parent / "nvidia" / "cu13" / "lib" / "libcudart.so.13").exists()
    assert not (torch / "python.py").exists()
    checkout.requests.clear()
    again = checkout.run()
    assert "it is there already" in again.stdout and checkout.requests == []


def test_an_interrupted_download_goes_on_where_it_was(checkout):
    hidden = checkout.files / "away.whl"
    checkout.parts["nvidia-small"].rename(hidden)
    broken = checkout.run()
    assert broken.returncode == 1
    hidden.rename(checkout.parts["nvidia-small"])
    checkout.requests.clear()
    done = checkout.run()
    assert done.returncode == 0, done.stdout + done.stderr
    assert "torch==2.11.0 is there" in done.stdout
    assert not any("torch-2.11.0" in path for path in checkout.requests)


def test_a_file_with_another_hash_is_refused(checkout):
    with checkout.parts["torch"].open("ab") as file:
        file.write(b"more")
    done = checkout.run()
    assert done.returncode == 1
    assert "does not have the hash" in done.stderr and "refused" in done.stderr
    assert not list(checkout.cache.glob("torch/*/complete"))


def test_without_network_it_says_so(checkout):
    done = checkout.run(PIP_INDEX_URL="http://127.0.0.1:9/simple")
    assert done.returncode == 1
    assert "cannot be reached" in done.stderr


def test_a_full_disk_is_named_before_anything_is_fetched(checkout, tmp_path):
    tools = tmp_path / "tools"
    tools.mkdir()
    df = tools / "df"
    df.write_text("#!/bin/sh\necho header\necho 'disk 100 90 10 90% /'\n")
    df.chmod(df.stat().st_mode | stat.S_IXUSR)
    done = checkout.run(PATH=f"{tools}:{os.environ['PATH']}")
    assert done.returncode == 1
    assert "too full: 10 MB are free" in done.stderr and checkout.requests == []


@pytest.mark.parametrize(
    ("card", "variant"),
    [
        ("580.65.06, 9.0, NVIDIA H200", "cuda13"), ("550.10, 8.6, NVIDIA A40", "cuda12"), ("580.1, 6.1, NVIDIA P40", "cuda12"),
        ("470.1, 8.6, NVIDIA A40", "cpu"), ("580.1, 3.7, Tesla K80", "cpu"),
    ])
def test_the_card_and_its_driver_decide(checkout, tmp_path, card, variant):
    tools = tmp_path / "tools"
    tools.mkdir()
    smi = tools / "nvidia-smi"
    smi.write_text(f"#!/bin/sh\necho '{card}'\n")
    smi.chmod(smi.stat().st_mode | stat.S_IXUSR)
    # Every list the small one: only the choice is looked at.
    for name in ["cuda12", "cuda13"]:
        shutil.copy(checkout.list, checkout.root / "Scripts" / f"torch-{name}.txt")
    done = checkout.run(PATH=f"{tools}:{os.environ['PATH']}", AIS_TORCH_VARIANT="")
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"for {variant}:" in done.stdout
