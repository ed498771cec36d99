"""Who may ask the server of the page for what, and what hostile or slow clients can do to it."""

import http.client
import os
import socket
import stat
import subprocess
import time

import pytest
from app_server import App, Events, Refused
from test_app_work import start, tomogram  # noqa: F401


@pytest.fixture
def app(start, tmp_path):  # noqa: F811
    (tmp_path / "data").mkdir()
    return start(tomogram(tmp_path / "data" / "T.mrc"), arguments=["--root", tmp_path / "data"])


def bare(app, path, method="GET", body=None, **headers):
    """A request without the token, unless `headers` have it."""
    return app.request(method, path, body, {"Authorization": None, "X-Ais-Client": None, "X-Ais-Author": None, **headers})


def test_nothing_is_answered_without_the_token(app):
    for path in ("/", "/app/main.js", "/api/session", app.at, f"{app.at}/events", "/p/x/annotate", "/nothing"):
        assert bare(app, path)[0] == 401, path
        assert bare(app, path, Authorization="Bearer " + "0" * 32)[0] == 401, path
        assert bare(app, path, Cookie="ais=1; a=" + app.token)[0] == 401, path
    assert bare(app, "/?token=" + "0" * 32)[0] == 401
    assert bare(app, f"/api/session?token={app.token}")[0] == 401
    # A page of an earlier start keeps its edits and tries again.
    assert bare(app, f"{app.at}/edits", "POST", "{}", **{"X-Ais-Client": "tab"})[0] == 503


def test_the_token_becomes_a_cookie_and_leaves_the_address(app):
    status, headers, _ = bare(app, f"/p/{app.project}/annotate?token={app.token}&dataset=1")
    assert status == 303 and headers["location"] == f"/p/{app.project}/annotate?dataset=1"
    cookie = headers["set-cookie"]
    assert "HttpOnly" in cookie and "SameSite=Strict" in cookie
    status, headers, page = bare(app, headers["location"], Cookie=cookie.split(";")[0])
    assert status == 200 and b"<!doctype html>" in page
    assert "default-src 'self'" in headers["content-security-policy"] and headers["x-frame-options"] == "DENY"
    assert headers["referrer-policy"] == "no-referrer" and headers["x-content-type-options"] == "nosniff"
    # The address of another host, disguised as a path.
    assert bare(app, f"//evil.example/?token={app.token}")[1]["location"] == "/evil.example/"


def test_another_site_cannot_change_anything(app):
    cookie = bare(app, f"/?token={app.token}")[1]["set-cookie"].split(";")[0]
    edit = '{"id": "x", "edits": [{"kind": "create-feature", "title": "M"}]}'
    path = f"{app.at}/edits"
    own = f"http://127.0.0.1:{app.port}"
    for headers in ({"Origin": "https://evil.example"}, {"Origin": "null"}, {"Origin": "http://127.0.0.1:1"}, {}, {"Origin": own, "Sec-Fetch-Site": "cross-site"}):
        assert bare(app, path, "POST", edit, Cookie=cookie, **headers)[0] == 403, headers
    assert bare(app, path, "POST", edit, Cookie=cookie, Origin=own)[0] == 200
    assert bare(app, app.at, Cookie=cookie, **{"Sec-Fetch-Site": "cross-site"})[0] == 403


def test_other_names_of_the_machine_are_refused_unless_allowed(app, start, tmp_path):  # noqa: F811
    assert app.request("GET", "/api/session", host="evil.example")[0] == 403
    assert app.request("GET", "/api/session", host=f"localhost:{app.port + 1}")[0] == 200
    other = start(arguments=["--allow-host", "lab.example"], home=tmp_path / "second")
    assert other.request("GET", "/api/session", host="lab.example:9000")[0] == 200
    cookie = other.request("GET", f"/?token={other.token}", headers={"Authorization": None}, host="lab.example")[1]["set-cookie"].split(";")[0]
    headers = {"Authorization": None, "Cookie": cookie, "Origin": "https://lab.example", "Content-Length": "2"}
    assert other.request("POST", "/api/open", b"{}", headers, host="lab.example")[0] == 400


def test_only_given_folders_are_seen_and_links_are_followed_first(app, tmp_path):
    secret = tmp_path / "secret"
    secret.mkdir()
    tomogram(secret / "S.mrc", seed=5)
    data = tmp_path / "data"
    (data / "farm.mrc").symlink_to(secret / "S.mrc")
    (data / "loop").symlink_to(data / "loop")
    names = [entry["name"] for entry in app.get(f"/api/files?path={data}")["entries"]]
    assert names == ["data.ais", "farm.mrc", "T.mrc"]
    for path in (secret, data / ".." / "secret", "/", "/etc/passwd", "/proc/self/environ"):
        with pytest.raises(Refused) as error:
            app.get(f"/api/files?path={path}")
        assert error.value.status == 403 and error.value.remedy["kind"] == "add-root", path
        with pytest.raises(Refused) as error:
            app.get(f"/api/download?path={path}")
        assert error.value.status == 403
    for send in (lambda: app.post("/api/open", {"paths": [str(data / "farm.mrc")], "create": True}),
                 lambda: app.post(f"{app.at}/datasets", {"paths": [str(data / "farm.mrc")]}),
                 lambda: app.edit({"kind": "add-version", "dataset": 1, "path": str(data / "farm.mrc")}),
                 lambda: app.post(f"{app.at}/imports", {"kind": "scns", "paths": [str(data / "farm.mrc")]})):
        with pytest.raises(Refused) as error:
            send()
        assert error.value.code == "outside-roots" and str(secret / "S.mrc") in error.value.message
        assert error.value.remedy["path"] == str(secret)
    app.post("/api/roots", {"path": str(secret)})
    assert app.post(f"{app.at}/datasets", {"paths": [str(data / "farm.mrc")]})["added"]


def test_the_files_of_the_page_lead_nowhere_else(app):
    for path in ("/../../../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "/app/%2e%2e/%2e%2e/%2e%2e/etc/passwd", "/app/main.js%00.css", "/.git", "/app", "/vendor/complete"):
        assert app.request("GET", path)[0] == 404, path


def test_bodies_have_limits(app):
    status, _, content = app.request("POST", "/api/open", b" " * (2 << 20))
    assert status == 413 and b"limit-exceeded" in content
    headers = {"Content-Length": str(1 << 40)}
    assert app.request("POST", f"{app.at}/edits", b"", headers)[0] == 413
    for body in (b"not json", b"[" * 100_000, b'{"edits": []}', b'{"edits": [{"kind": "paint"}]}', b"\xff\xfe"):
        assert app.request("POST", f"{app.at}/edits", body)[0] == 400, body[:20]
    deep = b'{"id": "\xf0\x9f\x98\x80", "edits": [{"kind": "set-setting", "name": "x", "value": "[[["}]}'
    assert app.request("POST", f"{app.at}/edits", deep)[0] == 400
    assert app.get("/api/session")


def test_garbage_and_slow_clients_do_not_hold_up_others(app):
    slow = []
    for _ in range(50):
        one = socket.create_connection(("127.0.0.1", app.port))
        one.sendall(b"POST /api/open HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer " + app.token.encode() + b"\r\nContent-Length: 1000\r\n\r\n{")
        slow.append(one)
        two = socket.create_connection(("127.0.0.1", app.port))
        two.sendall(b"GET / HTTP/1.1\r\nHos")
        slow.append(two)
    for garbage in (b"\0" * 1000, b"GET / HTTP/9.9\r\n\r\n", b"GET " + b"a" * 100_000, os.urandom(4096)):
        with socket.create_connection(("127.0.0.1", app.port)) as one:
            one.sendall(garbage + b"\r\n\r\n")
            one.settimeout(10)
            try:
                one.recv(1000)
            except OSError:
                pass
    # Asks for much and reads nothing.
    lazy = socket.create_connection(("127.0.0.1", app.port))
    lazy.sendall((f"GET {app.at}/events?after=0 HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {app.token}\r\n\r\n").encode())
    begin = time.monotonic()
    for _ in range(20):
        app.get("/api/session")
    assert time.monotonic() - begin < 5
    for one in (*slow, lazy):
        one.close()


def test_one_connection_serves_many_requests(app):
    version = app.snapshot()["datasets"][0]["versions"][0]
    connection = http.client.HTTPConnection("127.0.0.1", app.port, timeout=30)
    headers = {"Authorization": f"Bearer {app.token}"}
    tile = f"{app.at}/datasets/1/versions/1/slices/xy/%d/0/0/0?key={version['key']}"
    for path, status in [(tile % z, 200) for z in range(5)] + [(tile % 999, 400), (f"{app.at}/datasets/1/thumbnail", 200), (tile % 1, 200)]:
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        answer.read()
        assert answer.status == status and connection.sock is not None
    connection.request("POST", f"{app.at}/undo", "{}", headers)
    assert connection.getresponse().status == 200
    connection.close()


def test_500_connections_at_once_are_answered(app):
    connections = [http.client.HTTPConnection("127.0.0.1", app.port, timeout=60) for _ in range(500)]
    headers = {"Authorization": f"Bearer {app.token}"}
    for connection in connections:
        connection.request("GET", app.at, headers=headers)
    assert [connection.getresponse().status for connection in connections] == [200] * 500
    for connection in connections:
        connection.close()
    assert app.get("/api/session")


def test_what_is_kept_for_the_user_is_for_the_user_only(app, tmp_path):
    state = tmp_path / "home" / "state" / "ais"
    files = [*(state / "servers").iterdir(), *(state / "log").iterdir()]
    assert len(files) == 2
    for path in files:
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    app.request("GET", f"/?token={app.token}")
    assert app.token not in (state / "log" / files[1].name).read_text()


def test_a_stopping_server_says_so(app):
    stream = Events(app)
    kept = http.client.HTTPConnection("127.0.0.1", app.port, timeout=30)
    headers = {"Authorization": f"Bearer {app.token}"}
    kept.request("GET", "/api/session", headers=headers)
    kept.getresponse().read()
    assert app.stop() == 0
    try:
        kept.request("GET", "/api/session", headers=headers)
        assert kept.getresponse().status == 503
    except (OSError, http.client.HTTPException):
        pass
    stream.close()


def test_wrong_starts_are_sentences(ais, tmp_path, app):
    for arguments, sentence in (
        (["segmnt"], "'segmnt' is neither a command nor a file"), (["app", "--root", "/nowhere"], "--root '/nowhere'"),
        (["app", "nothing.mrc"], "'nothing.mrc' is not there"), (["app", "--port", "99999"], "--port 99999"),
        (["app", "--port", str(app.port)], f"port {app.port} is in use"), (["app", "--listen", "203.0.113.77"], "cannot be listened at"),
    ):
        done = subprocess.run([ais.path, *arguments], env=app.environment, cwd=tmp_path, capture_output=True, text=True, timeout=60)
        assert done.returncode in (1, 2) and sentence in done.stderr, (arguments, done.stderr)
    (tmp_path / "bad.mrc").write_bytes(b"no tomogram")
    done = subprocess.run([ais.path, "app", "bad.mrc"], env=app.environment, cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1 and "bad.mrc" in done.stderr
    assert not list(tmp_path.glob("*.ais"))


def test_over_ssh_the_line_to_type_is_printed(ais, tmp_path, app):
    def said(**environment):
        process = subprocess.Popen([ais.path, "app", "--port", "0"], env={**app.environment, **environment}, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        address = process.stdout.readline()
        lines = [process.stderr.readline() for _ in range(2)]
        process.terminate()
        process.communicate(timeout=60)
        return address.split(":")[2].split("/")[0], lines[1].strip()

    port, line = said(SSH_CONNECTION="192.0.2.1 50000 192.0.2.9 22")
    assert line.startswith(f"ssh -N -L {port}:localhost:{port} ") and line.endswith("@192.0.2.9")
    port, line = said(SLURM_JOB_ID="7", SLURM_SUBMIT_HOST="login1", SLURMD_NODENAME="node03")
    assert "@login1 " in line and " -J " in line and line.endswith("@node03")
