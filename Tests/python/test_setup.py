"""`make deps` on machines where something is missing: each case ends with a sentence that says what to do."""

import shutil
import stat
import subprocess

import pytest

HONEST = ["bash", "sh", "env", "cat", "sed", "sort", "head", "tail", "awk", "tr", "wc", "mkdir", "dirname", "basename",
          "grep", "find", "sleep"]


@pytest.fixture
def machine(tmp_path, repository):
    """A machine of fakes: only the tools above are real, the rest says what the test wants to hear."""
    checkout = tmp_path / "checkout"
    shutil.copytree(repository / "Scripts", checkout / "Scripts")
    shutil.copy(repository / ".swift-version", checkout)
    tools = tmp_path / "tools"
    tools.mkdir()
    for name in HONEST:
        (tools / name).symlink_to(shutil.which(name))

    class Machine:
        calls = tmp_path / "calls"

        def fake(self, name, script):
            path = tools / name
            path.write_text(f"#!/bin/sh\necho {name} \"$@\" >> {self.calls}\n{script}\n")
            path.chmod(path.stat().st_mode | stat.S_IXUSR)

        def deps(self, *options):
            return subprocess.run(
                ["bash", checkout / "Scripts/deps", *options], env={"PATH": str(tools), "HOME": str(tmp_path)},
                capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=60)

        def called(self):
            return self.calls.read_text() if self.calls.exists() else ""

    machine = Machine()
    machine.fake("swift", 'case "$1" in --version) echo "Swift version 6.3.1 (swift-6.3.1-RELEASE)";; esac')
    machine.fake("df", 'printf "Filesystem 1M Used Available\\n/dev/sda 100000 1 50000 1%% /\\n"')
    machine.fake("dpkg-query", 'echo "install ok installed"')
    machine.fake("apt-get", "exit 0")
    machine.fake("id", "echo 0")
    return machine


def test_a_machine_that_has_everything_is_left_alone(machine):
    done = machine.deps()
    assert done.returncode == 0, done.stderr
    assert "apt-get" not in machine.called()
    assert "[3/3]" in done.stdout


def test_missing_packages_are_installed_without_asking(machine):
    machine.fake("dpkg-query", 'case "$4" in libtiff-dev) exit 1;; *) echo "install ok installed";; esac')
    done = machine.deps()
    assert done.returncode == 0, done.stderr
    assert "apt-get install -y --no-install-recommends libtiff-dev" in machine.called()


def test_packages_of_tests_are_installed_only_for_tests(machine):
    machine.fake("dpkg-query", 'case "$4" in slurmd) exit 1;; *) echo "install ok installed";; esac')
    assert "slurm" not in machine.deps().stdout
    done = machine.deps("--for-tests")
    assert done.returncode == 0, done.stderr
    assert "apt-get install -y --no-install-recommends slurmd" in machine.called()
    assert "installed: slurmd" in done.stdout and "[4/4]" in done.stdout


def test_without_the_packages_of_tests_everything_else_goes_on(machine):
    machine.fake("dpkg-query", 'case "$4" in slurm*) exit 1;; *) echo "install ok installed";; esac')
    machine.fake("apt-get", "exit 100")
    done = machine.deps("--for-tests")
    assert done.returncode == 0, done.stderr
    assert "not installed, so that tests which need them are skipped: slurmctld slurmd slurm-client" in done.stdout


def refused(done, *words):
    assert done.returncode == 1
    for word in words:
        assert word in done.stderr, f"'{word}' is not in: {done.stderr}"


def test_swift_is_missing(machine, tmp_path):
    (tmp_path / "tools/swift").unlink()
    refused(machine.deps(), "Swift is not installed", "https://www.swift.org/install/linux/")


def test_swift_is_too_old(machine):
    machine.fake("swift", 'echo "Swift version 6.1.2 (swift-6.1.2-RELEASE)"')
    refused(machine.deps(), "Swift 6.1.2 is too old", "6.3")


def test_a_newer_swift_is_welcome(machine):
    machine.fake("swift", 'case "$1" in --version) echo "Swift version 6.10 (swift-6.10-RELEASE)";; esac')
    assert machine.deps().returncode == 0


def test_swift_does_not_run(machine):
    machine.fake("swift", "exit 127")
    refused(machine.deps(), "does not run")


def test_the_disk_is_full(machine):
    machine.fake("df", 'printf "Filesystem 1M Used Available\\n/dev/sda 100000 99990 10 100%% /\\n"')
    refused(machine.deps(), "disk is too full", "10 MB are free")


def test_the_network_is_missing_for_debian_packages(machine):
    machine.fake("dpkg-query", "exit 1")
    machine.fake("apt-get", 'echo "E: Failed to fetch http://deb.debian.org" >&2; exit 100')
    refused(machine.deps(), "Failed to fetch", "could not be installed", "network", "sudo apt-get update")


def test_the_network_is_missing_for_swift_packages(machine):
    machine.fake("swift", 'case "$1" in --version) echo "Swift version 6.3";; '
                          '*) echo "error: Could not resolve host: github.com" >&2; exit 1;; esac')
    refused(machine.deps(), "Could not resolve host", "github.com by git", "network")


def test_a_user_who_may_not_install_gets_the_line_for_the_administrator(machine):
    machine.fake("dpkg-query", "exit 1")
    machine.fake("id", "echo 1000")
    refused(machine.deps(), "only an administrator", "sudo apt-get install --no-install-recommends zlib1g-dev")
    assert "apt-get" not in machine.called()


def test_another_linux_is_told_what_the_build_needs(machine, tmp_path):
    (tmp_path / "tools/dpkg-query").unlink()
    done = machine.deps()
    assert done.returncode == 0
    assert "not a Debian" in done.stdout and "libtiff-dev" in done.stdout


def uninstall(repository, prefix):
    return subprocess.run([repository / "Scripts/uninstall", prefix], capture_output=True, text=True, timeout=60)


def test_uninstalling_removes_the_program_and_nothing_else(repository, tmp_path):
    (tmp_path / "lib/ais").mkdir(parents=True)
    (tmp_path / "lib/ais/ais").touch()
    (tmp_path / "lib/other").touch()
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/ais").symlink_to("../lib/ais/ais")
    (tmp_path / "bin/other").touch()
    assert uninstall(repository, tmp_path).returncode == 0
    assert sorted(p.relative_to(tmp_path).as_posix() for p in tmp_path.rglob("*") if not p.is_dir()) == [
        "bin/other", "lib/other"]
    refused(uninstall(repository, tmp_path), "not installed", "PREFIX=")


def test_uninstalling_leaves_a_program_of_the_same_name_alone(repository, tmp_path):
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/ais").write_text("another program")
    refused(uninstall(repository, tmp_path), "not installed")
    assert (tmp_path / "bin/ais").exists()
