"""A throw-away Slurm on this machine: one controller, some nodes that are all this machine, no accounting, no system service.

Everything it starts is recorded by its process number, and only that is ended."""

import contextlib
import os
import pathlib
import shutil
import signal
import socket
import stat
import subprocess
import tempfile
import time

DAEMONS = ["munged", "slurmctld", "slurmd"]
COMMANDS = ["sbatch", "squeue", "scancel", "scontrol", "sinfo"]


class NoCluster(Exception):
    """Why Slurm cannot be started here."""


def until(condition, seconds: float, what):
    """Waits for a condition and returns what it gave; `what` (text, or a function that gives one) says what was missing."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds} s: {what() if callable(what) else what}")
        time.sleep(0.1)


class Cluster:
    """`with Cluster(…) as cluster:` Nodes are called n1, n2, …, and each has as many graphics cards (files, really) as told."""

    def __init__(self, nodes: int = 2, cpus: int = 4, cards: int = 2, largest_array: int = 5):
        self.nodes, self.cpus, self.cards, self.largest_array = nodes, cpus, cards, largest_array
        self.processes: list[int] = []
        self.folder = None

    def __enter__(self):
        missing = [name for name in DAEMONS + COMMANDS if not self._find(name)]
        if missing:
            raise NoCluster(
                f"{', '.join(missing)} not found: apt-get install --no-install-recommends slurmctld slurmd slurm-client munge")
        # Short, for the path of a socket has at most 107 bytes.
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="ais-slurm-"))
        self.folder.chmod(0o755)
        try:
            self._start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        with contextlib.suppress(Exception):
            jobs = self.run("squeue", "-h", "-o", "%A", timeout=5).stdout.split()
            if jobs:
                self.run("scancel", *jobs, timeout=5)
                until(lambda: not self.run("squeue", "-h", timeout=5).stdout.strip(), 10, "the jobs' end")
        for process in reversed(self.processes):
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGTERM)
        for process in reversed(self.processes):
            try:
                until(lambda: not self._lives(process), 10, "the daemon's end")
            except AssertionError:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(process, signal.SIGKILL)
        shutil.rmtree(self.folder, ignore_errors=True)

    @staticmethod
    def _find(name: str):
        return shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")

    @staticmethod
    def _lives(process: int) -> bool:
        try:
            state = pathlib.Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[0]
        except FileNotFoundError:
            return False
        return state != "Z"

    @property
    def environment(self) -> dict:
        return {**os.environ, "SLURM_CONF": str(self.folder / "slurm.conf")}

    def run(self, *command, timeout: float = 30) -> subprocess.CompletedProcess:
        return subprocess.run(
            [self._find(command[0]), *map(str, command[1:])], env=self.environment, capture_output=True, text=True,
            timeout=timeout)

    def __call__(self, *command) -> str:
        done = self.run(*command)
        assert done.returncode == 0, f"{' '.join(map(str, command))}: {done.stdout}{done.stderr}"
        return done.stdout

    def states(self) -> dict:
        """Slurm's word for every array task: `12_0` → `RUNNING`."""
        lines = self("squeue", "-h", "-r", "-t", "all", "-o", "%i|%T").split()
        return dict(line.split("|") for line in lines)

    def _start(self):
        (self.folder / "munge").mkdir(mode=0o700)
        for name in ["state", "log", "cards", *(f"spool.n{i}" for i in self._numbers())]:
            (self.folder / name).mkdir(mode=0o755)
        (self.folder / "munge").chmod(0o755)
        key = self.folder / "munge" / "key"
        key.write_bytes(os.urandom(1024))
        key.chmod(0o600)
        self._configure()
        munge = self.folder / "munge"
        self._daemon(
            munge / "pid", "munged", f"--key-file={key}", f"--socket={munge / 'socket'}", f"--pid-file={munge / 'pid'}",
            f"--log-file={self.folder / 'log' / 'munged'}", f"--seed-file={munge / 'seed'}", "--num-threads=1")
        self._daemon(self.folder / "slurmctld.pid", "slurmctld", "-f", self.folder / "slurm.conf", "-c", "-i")
        for number in self._numbers():
            self._daemon(
                self.folder / f"slurmd.n{number}.pid", "slurmd", "-N", f"n{number}", "-f", self.folder / "slurm.conf")
        try:
            until(self._is_idle, 15, "all nodes idle")
        except AssertionError:
            raise NoCluster(f"its nodes do not become idle: {self._last_words()}") from None

    def _numbers(self):
        return range(1, self.nodes + 1)

    def _is_idle(self) -> bool:
        done = self.run("sinfo", "-h", "-N", "-o", "%t")
        return done.returncode == 0 and done.stdout.split() == ["idle"] * self.nodes

    def _daemon(self, pid_file: pathlib.Path, name: str, *arguments):
        command = [self._find(name), *map(str, arguments)]
        done = subprocess.run(
            command, env=self.environment, capture_output=True, text=True, timeout=30, stdin=subprocess.DEVNULL)
        if done.returncode != 0:
            raise NoCluster(f"'{name}' does not start: {done.stderr.strip() or self._last_words()}")
        try:
            process = until(lambda: pid_file.exists() and pid_file.read_text().strip(), 10, "its process number")
        except AssertionError:
            raise NoCluster(f"'{name}' has not said its process number: {self._last_words()}") from None
        self.processes.append(int(process))

    def _last_words(self) -> str:
        lines = [line for path in sorted((self.folder / "log").iterdir()) for line in path.read_text().splitlines()]
        wrong = [line for line in lines if "error" in line or "fatal" in line]
        return "; ".join((wrong or lines)[-3:])

    def _configure(self):
        host, user, folder = socket.gethostname().split(".")[0], subprocess.getoutput("id -un"), self.folder
        port = self._free_port()
        cards = [folder / "cards" / f"card{i}" for i in range(self.cards)]
        for card in cards:
            # Slurm numbers only devices. These are /dev/null by another name.
            try:
                os.mknod(card, stat.S_IFCHR | 0o666, os.makedev(1, 3))
            except PermissionError:
                raise NoCluster("only root may make the devices that stand for graphics cards") from None
        (folder / "gres.conf").write_text("".join(
            f"NodeName=n{i} Name=gpu File={folder}/cards/card[0-{self.cards - 1}]\n" for i in self._numbers()))
        (folder / "cgroup.conf").write_text("ConstrainCores=no\n")
        (folder / "plugstack.conf").write_text("")
        (folder / "slurm.conf").write_text(f"""\
ClusterName=test
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={port}
SlurmUser={user}
SlurmdUser={user}
AuthType=auth/munge
AuthInfo=socket={folder}/munge/socket,cred_expire=5
CredType=cred/munge
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SwitchType=switch/none
MpiDefault=none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SchedulerParameters=sched_interval=2,bf_interval=2,batch_sched_delay=0,sched_min_interval=10000
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool.%n
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.%n.pid
SlurmctldLogFile={folder}/log/slurmctld
SlurmdLogFile={folder}/log/slurmd.%n
SlurmdParameters=config_overrides
MaxArraySize={self.largest_array}
JobRequeue=1
MinJobAge=3600
KillWait=2
ReturnToService=1
GresTypes=gpu
InactiveLimit=0
PlugStackConfig={folder}/plugstack.conf
MailProg=/bin/true
NodeName=n[1-{self.nodes}] NodeAddr=127.0.0.1 NodeHostname={host} Port=[{port + 1}-{port + self.nodes}] \
CPUs={self.cpus} RealMemory=4096 Gres=gpu:{self.cards} State=UNKNOWN
PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE State=UP
""")

    def _free_port(self) -> int:
        """The first of as many free ports in a row as there are daemons."""
        for port in range(20000 + os.getpid() % 20000, 60000, self.nodes + 1):
            with contextlib.ExitStack() as stack:
                try:
                    for offset in range(self.nodes + 1):
                        probe = stack.enter_context(socket.socket())
                        probe.bind(("127.0.0.1", port + offset))
                except OSError:
                    continue
                return port
        raise NoCluster("no free ports")
