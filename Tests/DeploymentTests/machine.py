"""A bare Debian 12 in a directory: to install packages in, and to boot with systemd as its first process.

Requires root and a mount namespace of the process (image.enter_mount_namespace). A machine is in memory. It has no network but
the loopback interface; packages that it may install are downloaded before, and kept in .build with the base system.
"""

import contextlib
import hashlib
import os
import pathlib
import shutil
import signal
import subprocess
import time

from image import PATH, REPOSITORY, SOURCES, run

ENVIRONMENT = {"PATH": PATH, "HOME": "/root", "DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C.UTF-8", "TERM": "dumb"}

# What a kernel provides, in the present directory. Without quotation marks, for both scripts below. No file or node of the host is
# mounted: what deletes or changes a machine must not reach the host.
MOUNTS = """
mount -t proc proc proc
mount -t tmpfs -o mode=0755 dev dev
mknod -m 666 dev/null c 1 3
mknod -m 666 dev/zero c 1 5
mknod -m 666 dev/full c 1 7
mknod -m 666 dev/random c 1 8
mknod -m 666 dev/urandom c 1 9
mknod -m 666 dev/tty c 5 0
ln -s /proc/self/fd dev/fd
mkdir dev/shm dev/pts
mount -t devpts -o newinstance,ptmxmode=0666 devpts dev/pts
ln -s pts/ptmx dev/ptmx
"""
# Runs a command in the directory, as in a machine that is not booted.
ENTER = f"""
root=$1; shift
cd "$root"
{MOUNTS}
exec chroot . "$@"
"""
# Makes the directory the root of new namespaces, and systemd their first process, in a cgroup of its own.
BOOT = f"""
root=$1 cgroups=$2
mount -t cgroup2 cgroup2 "$cgroups"
mkdir "$cgroups/machine-$$"
echo $$ >"$cgroups/machine-$$/cgroup.procs"
umount "$cgroups"
exec unshare --mount --pid --net --ipc --uts --cgroup --fork --kill-child sh -ec '
    hostname machine
    ip link set lo up
    cd "$1"
    {MOUNTS}
    mount -t sysfs -o ro sysfs sys
    mount -t cgroup2 cgroup2 sys/fs/cgroup
    mount -t tmpfs -o mode=0755 run run
    mkdir -p host
    pivot_root . host
    umount --lazy /host
    exec /usr/bin/env --ignore-environment container=test PATH={PATH} /lib/systemd/systemd --unit=multi-user.target
' sh "$root"
"""


def delete(folder):
    """Deletes a folder, but nothing that is mounted in it."""
    run("rm", "--recursive", "--force", "--one-file-system", folder)


def base(package):
    """A tar file with a bare Debian 12 that has downloaded what a package depends on."""
    depends = run("dpkg-deb", "--field", package, "Depends")
    digest = hashlib.sha256((depends + SOURCES).encode()).hexdigest()[:12]
    path = REPOSITORY / f".build/machines/{digest}.tar"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        root = path.with_suffix(".root")
        delete(root)
        run("debootstrap", "--variant=minbase", "--include=systemd-sysv", "bookworm", root)
        machine = Machine(root)
        (root / "etc/apt/sources.list").write_text(SOURCES)
        shutil.copy("/etc/resolv.conf", root / "etc/resolv.conf")
        shutil.copy(package, root / "package.deb")
        machine.install("apt-get", "update")
        machine.install("apt-get", "install", "--yes", "--download-only", "/package.deb")
        (root / "package.deb").unlink()
        run("tar", "--create", "--file", path.with_suffix(".new"), "--directory", root, ".")
        path.with_suffix(".new").rename(path)
        delete(root)
    return path


class Machine:
    """A machine, which is booted or not."""

    def __init__(self, root, archive=None):
        self.root = root
        self.process = None
        if archive:
            root.mkdir()
            run("mount", "-t", "tmpfs", "-o", "mode=0755", "machine", root)
            run("tar", "--extract", "--file", archive, "--directory", root)

    def path(self, name):
        """A file of the machine, seen from outside."""
        return self.root / str(name).lstrip("/")

    def install(self, *command):
        """Runs a command with the root directory of the machine, which is not booted; raises an error if it fails."""
        return run("unshare", "--mount", "--pid", "--fork", "sh", "-ec", ENTER, "sh", self.root, *command, env=ENVIRONMENT)

    # MARK: A booted machine

    def boot(self, scratch):
        """Starts systemd, and waits until it has started the machine."""
        # The kernel is that of the host, whose settings stay as they are.
        self.path("/etc/systemd/system/systemd-sysctl.service").symlink_to("/dev/null")
        self.cgroups = scratch / "cgroups"
        self.cgroups.mkdir(exist_ok=True)
        self.process = subprocess.Popen(
            ["sh", "-ec", BOOT, "sh", str(self.root), str(self.cgroups)], stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True,
        )
        end = time.monotonic() + 120
        while not self.is_booted():
            if self.process.poll() is not None:
                raise RuntimeError(f"the machine did not start: {self.process.stdout.read()}")
            if time.monotonic() > end:
                raise RuntimeError(f"the machine did not start within 120 s: {self.execute('systemctl list-jobs').stdout}")
            time.sleep(0.05)

    @property
    def first(self):
        """The process ID of the machine's first process, seen from outside."""
        return int(pathlib.Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()[0])

    def is_booted(self):
        try:
            return self.execute("systemctl is-system-running").stdout.strip() in ("running", "degraded")
        except (IndexError, OSError):
            return False

    def execute(self, script, **environment):
        """Runs a script in the shell of an administrator; its output has errors, too."""
        return subprocess.run(
            ["nsenter", f"--target={self.first}", "--mount", "--pid", "--net", "--ipc", "--uts", "--cgroup"]
            + ["bash", "-c", f"cd && {{\n{script}\n}}"],
            env=ENVIRONMENT | environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True, check=False, timeout=120,
            # Some programs signal their process group, which may have members outside of the machine.
            start_new_session=True,
        )

    def do(self, script, **environment):
        """The output of a script that must succeed."""
        done = self.execute(script, **environment)
        if done.returncode != 0:
            journal = self.execute("journalctl --no-pager --lines=40").stdout
            raise AssertionError(f"{script}\nexit code {done.returncode}\n{done.stdout}\n{journal}")
        return done.stdout

    def end(self):
        """Ends all processes and removes the machine."""
        try:
            if self.process:
                self.end_processes()
        finally:
            run("umount", self.root)

    def end_processes(self):
        # All processes of the namespace end with its first one.
        with contextlib.suppress(IndexError, OSError):
            os.kill(self.first, signal.SIGKILL)
        self.process.wait()
        self.process.stdout.close()
        run("mount", "-t", "cgroup2", "cgroup2", self.cgroups)
        try:
            for folder, _, _ in os.walk(self.cgroups / f"machine-{self.process.pid}", topdown=False):
                os.rmdir(folder)
        finally:
            run("umount", self.cgroups)
