"""Builds the image of deploy/docker without a container engine: runs the steps of its Dockerfile in a debootstrap directory.

    python3 image.py [--build]

The directory is in memory, in a mount namespace of this process, and ends with it. Requires root. By default, the build stage only
runs the Dockerfile's build command in this repository, where most of the build is done already. The program then differs from that
of the image in one respect: it is linked with the C libraries of this machine, which must not be newer than Debian 12's. With
--build, the stage runs completely, with the machine's Swift in a Debian 12 of its own, which takes as long as a release build.
DEFENDER_BRIDGE_RELEASE_PROGRAM names an existing program.
"""

import argparse
import contextlib
import copy
import ctypes
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import time

import dockerfile

REPOSITORY = pathlib.Path(__file__).parents[2]
DOCKER = REPOSITORY / "deploy/docker"
# Replacements of the base images. Swift's has the packages that the toolchain needs (from its Dockerfile).
BASES = {
    "debian:12-slim": [],
    "swift:6.3-bookworm": [
        "binutils", "ca-certificates", "git", "libc6-dev", "libcurl4-openssl-dev", "libedit2", "libncurses-dev",
        "libpython3-dev", "libsqlite3-0", "libstdc++-12-dev", "libxml2-dev", "libz3-dev", "pkg-config", "tzdata", "zlib1g-dev",
    ],
}
SOURCES = """\
deb http://deb.debian.org/debian bookworm main
deb http://deb.debian.org/debian bookworm-updates main
deb http://deb.debian.org/debian-security bookworm-security main
"""
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
CLONE_NEWNS = 0x00020000


def enter_mount_namespace():
    """Makes later mounts visible to this process and its children only."""
    if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWNS) != 0:
        raise OSError(ctypes.get_errno(), "a mount namespace requires root")
    run("mount", "--make-rprivate", "/")


def run(*command, **options):
    """Runs a command; raises an error with its output if it fails."""
    options = {"capture_output": True, "text": True} | options
    result = subprocess.run([str(word) for word in command], check=False, **options)
    if result.returncode != 0:
        raise RuntimeError(f"{command}: {result.returncode}\n{result.stdout[-4000:]}{result.stderr[-4000:]}")
    return result.stdout


def pins():
    """The exact versions in Package.swift, as in Package.resolved."""
    found = re.findall(r'\.package\(url: "([^"]+)", exact: "([^"]+)"', (REPOSITORY / "Package.swift").read_text())
    return [{"location": location, "state": {"version": version}} for location, version in found]


class Image:
    """A root directory with the settings of the Dockerfile."""

    def __init__(self, root):
        self.root = root
        self.environment = {"PATH": PATH}
        self.user = "0:0"
        self.folder = "/"
        self.volumes = []
        self.ports = []
        self.health_check = []
        self.health_timing = {}
        self.stop_signal = "SIGTERM"
        self.entry_point = []
        self.labels = {}
        # Of ARG: known to the steps, not to the container.
        self.arguments = {}
        self.command = []

    def expanded(self, text):
        return dockerfile.expanded(text, self.arguments | self.environment)

    def inside(self, path):
        """The path outside of the image."""
        return self.root / os.path.normpath(os.path.join(self.folder, path)).lstrip("/")


class Builder:
    """Builds the stages of the Dockerfile."""

    def __init__(self, folder, builds=False, arguments=()):
        self.folder = folder
        self.builds = builds
        # BuildKit sets TARGETARCH.
        self.given = {"TARGETARCH": run("dpkg", "--print-architecture").strip(), **dict(arguments)}
        self.stages, self.defaults = dockerfile.stages((DOCKER / "Dockerfile").read_text(), self.given)
        self.images = {}
        self.ignored = (DOCKER / "Dockerfile.dockerignore").read_text()

    def make(self):
        """The image of the last stage."""
        return self.made(self.stages[-1])

    def made(self, stage):
        if stage.name in self.images:
            return self.images[stage.name]
        bases = [each for each in self.stages if each.name == stage.base]
        is_substituted = not self.builds and stage.name == "build"
        if bases:
            # Continues in the directory of its base, which no other stage does.
            image = copy.deepcopy(self.made(bases[0]))
            # Arguments end with their stage.
            image.arguments = {}
        else:
            image = Image(self.folder / (stage.name or "result"))
        if stage.name:
            self.images[stage.name] = image
        if is_substituted:
            self.substitute(stage, image)
            return image
        if not bases:
            self.bootstrap(stage.base, image.root)
        if stage.name == "build":
            self.add_toolchain(image)
        for step in stage.steps:
            print(f"{step.name} {step.rest}", flush=True)
            if step.name == "RUN" and stage.base == "build" and not self.builds:
                self.run_outside(image, step)
            else:
                getattr(self, step.name.lower())(image, step)
        return image

    @staticmethod
    def run_outside(image, step):
        """Runs a step of a stage based on the substituted one, which has no programs, with the programs of this machine."""
        command = re.sub(r"(?<=[ >])/(?=sbom|result)", f"{image.root}/", step.rest)
        run("sh", "-ec", command, env=os.environ | image.arguments)

    def bootstrap(self, base, root):
        """Installs a minimal Debian 12, with the mounts that RUN needs."""
        packages = BASES[base.partition("@")[0]]
        include = [f"--include={','.join(packages)}"] if packages else []
        run("debootstrap", "--variant=minbase", *include, "bookworm", root)
        (root / "etc/apt/sources.list").write_text(SOURCES)
        # As in the official image: installing a package starts no service.
        (root / "usr/sbin/policy-rc.d").write_text("#!/bin/sh\nexit 101\n")
        (root / "usr/sbin/policy-rc.d").chmod(0o755)
        shutil.copy("/etc/resolv.conf", root / "etc/resolv.conf")
        run("sh", "-ec", MOUNTS, "sh", root)

    def substitute(self, stage, image):
        """Builds only the program, at the path where the stage puts it."""
        (step,) = [step for step in stage.steps if step.name == "RUN" and "swift build" in step.rest]
        result = image.root / "result"
        result.mkdir(parents=True)
        program = os.environ.get("DEFENDER_BRIDGE_RELEASE_PROGRAM")
        if program:
            run("install", "--strip", program, result / "defender-bridge")
            (result / "Package.resolved").write_text(json.dumps({"pins": pins()}))
        else:
            run("sh", "-ec", step.rest.replace("/result/", f"{result}/"), cwd=REPOSITORY)

    @staticmethod
    def add_toolchain(image):
        """Mounts the machine's Swift toolchain and its package cache."""
        toolchain = pathlib.Path(shutil.which("swift")).resolve().parents[2]
        home = pathlib.Path.home()
        for path in (toolchain, home / ".swiftpm", home / ".cache/org.swift.swiftpm"):
            if path.exists():
                place = image.root / str(path).lstrip("/")
                place.mkdir(parents=True, exist_ok=True)
                run("mount", "--bind", path, place)
                if path == toolchain:
                    # Whatever is deleted in the image must not be deleted from this machine.
                    run("mount", "-o", "remount,bind,ro", place)
        image.environment |= {"PATH": f"{toolchain}/usr/bin:{PATH}", "HOME": str(home)}

    # One method for each instruction.

    def arg(self, image, step):
        name, value = dockerfile.argument(step, self.defaults)
        image.arguments[name] = self.given.get(name, value)

    def env(self, image, step):
        for pair in step.words:
            name, _, value = pair.partition("=")
            image.environment[name] = image.expanded(value)

    def label(self, image, step):
        for pair in step.words:
            name, _, value = pair.partition("=")
            image.labels[name] = image.expanded(value)

    def add(self, image, step):
        """Stores a certificate in place of a download."""
        _, target = step.words
        place = image.inside(target)
        place.parent.mkdir(parents=True, exist_ok=True)
        run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=RDS", "-keyout", "/dev/null", "-out", place)
        place.chmod(int(step.flags["chmod"], 8))

    def run(self, image, step):
        words = step.words if step.rest.startswith("[") else ["/bin/sh", "-c", step.rest]
        proxies = {name: value for name, value in os.environ.items() if name.lower() in ("http_proxy", "https_proxy", "no_proxy")}
        run(
            "chroot", f"--userspec={image.user}", image.root, "/usr/bin/env", f"--chdir={image.folder}", *words,
            env=proxies | image.arguments | image.environment,
        )

    def copy(self, image, step):
        *sources, target = step.words
        target = image.expanded(target)
        destination = image.inside(target)
        for source in sources:
            if "from" in step.flags:
                (stage,) = [stage for stage in self.stages if stage.name == step.flags["from"]]
                path = self.made(stage).root / source.lstrip("/")
            else:
                path = REPOSITORY / source
                if dockerfile.is_ignored(source, self.ignored):
                    raise RuntimeError(f"Dockerfile.dockerignore excludes {source}")
            place = destination / path.name if target.endswith("/") and path.is_file() else destination
            place.parent.mkdir(parents=True, exist_ok=True)
            if path.is_dir():
                shutil.copytree(path, place, symlinks=True, dirs_exist_ok=True, ignore=shutil.ignore_patterns(".build", ".build-*"))
            else:
                shutil.copy(path, place)
            run("chown", "--recursive", "0:0", place)

    def user(self, image, step):
        image.user = image.expanded(step.rest)

    def workdir(self, image, step):
        image.folder = os.path.normpath(os.path.join(image.folder, image.expanded(step.rest)))
        image.inside(".").mkdir(parents=True, exist_ok=True)

    def volume(self, image, step):
        image.volumes += step.words

    def expose(self, image, step):
        image.ports += [int(word.partition("/")[0]) for word in step.words]

    def healthcheck(self, image, step):
        kind, _, command = step.rest.partition(" ")
        if kind != "CMD":
            raise ValueError(f"unsupported: HEALTHCHECK {step.rest}")
        image.health_check = dockerfile.Instruction("CMD", {}, command).words
        image.health_timing = step.flags

    def stopsignal(self, image, step):
        image.stop_signal = step.rest

    def entrypoint(self, image, step):
        image.entry_point = step.words

    def cmd(self, image, step):
        image.command = step.words


# The /proc and /dev that a container engine provides.
MOUNTS = """
mount -t proc proc "$1/proc"
mount -t tmpfs -o mode=0755 dev "$1/dev"
for device in null zero full random urandom; do
    touch "$1/dev/$device"
    mount --bind "/dev/$device" "$1/dev/$device"
done
ln -s /proc/self/fd "$1/dev/fd"
mkdir "$1/dev/shm"
"""

# Starts the first process of the namespaces, as in a container. Everything is read-only except the volumes.
CONTAINER = f"""
root=$1; shift
ip link set lo up
mount --rbind "$root" "$root"
for volume in $volumes; do mount --bind "$state$volume" "$root$volume"; done
mount -o remount,bind,ro "$root"
umount --recursive "$root/proc" "$root/dev"
{MOUNTS.replace('"$1', '"$root')}
exec chroot "$root" /usr/bin/env --ignore-environment "$@"
"""


class Container:
    """A container with its own namespaces; volumes start with the content of the image."""

    def __init__(self, image, state, environment=(), command=None):
        self.image = image
        self.environment = image.environment | dict(environment)
        for volume in image.volumes:
            # Keeps owners and modes, as an engine does when it creates a volume.
            (state / volume.lstrip("/")).parent.mkdir(parents=True, exist_ok=True)
            run("cp", "--archive", f"{image.root}{volume}", state / volume.lstrip("/"))
        self.log = state / "log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                ["unshare", "--mount", "--pid", "--net", "--ipc", "--uts", "--fork", "--kill-child", "sh", "-ec", CONTAINER, "sh"]
                + [str(image.root), *self.inside(command or image.entry_point + image.command)],
                env=os.environ | {"volumes": " ".join(image.volumes), "state": str(state)},
                stdout=log,
                stderr=log,
            )
        while self.process.poll() is None and not self.is_entered():
            time.sleep(0.01)

    def is_entered(self):
        """Whether the first process runs with the image as its root."""
        try:
            return os.path.samefile(f"/proc/{self.first}/root/", self.image.root)
        except (IndexError, OSError):
            return False

    def inside(self, command):
        """Wraps a command to run as the image's user without capabilities, as compose.yaml sets."""
        user, group = self.image.user.split(":")
        pairs = [f"{name}={value}" for name, value in self.environment.items()]
        rights = [f"--reuid={user}", f"--regid={group}", "--clear-groups", "--inh-caps=-all", "--bounding-set=-all", "--no-new-privs"]
        return [f"--chdir={self.image.folder}", *pairs, "setpriv", *rights, *command]

    @property
    def first(self):
        """The process ID of the container's first process, seen from outside."""
        return int(pathlib.Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()[0])

    def execute(self, *command, timeout=60):
        """Runs another command in the container."""
        return subprocess.run(
            ["nsenter", f"--target={self.first}", "--mount", "--pid", "--net", "--ipc", "--root", "/usr/bin/env"]
            + ["--ignore-environment", *self.inside(command)],
            capture_output=True,
            text=True,
            check=False,
            timeout=timeout,
        )

    def check_health(self):
        """The exit code of the health check, or None after the Dockerfile's timeout."""
        try:
            return self.execute(*self.image.health_check, timeout=float(self.image.health_timing["timeout"].rstrip("s"))).returncode
        except subprocess.TimeoutExpired:
            return None

    def signal(self, signal):
        """Sends a signal to the first process."""
        os.kill(self.first, signal)

    def end(self):
        """Kills the container."""
        # --kill-child has no effect any more: the first process has changed its user.
        with contextlib.suppress(IndexError, OSError):
            self.signal(signal.SIGKILL)
        self.process.kill()
        self.process.wait()


def make(builds=False, arguments=()):
    """Builds the image in memory, in a mount namespace of this process."""
    enter_mount_namespace()
    folder = REPOSITORY / ".build/image"
    folder.mkdir(parents=True, exist_ok=True)
    run("mount", "-t", "tmpfs", "-o", "mode=0755", "image", folder)
    return Builder(folder, builds, arguments).make()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Runs the steps of deploy/docker/Dockerfile in a directory, without a container engine.")
    parser.add_argument("--build", action="store_true", help="also build the program in its own Debian 12")
    made = make(parser.parse_args().build)
    print(run("chroot", made.root, *made.entry_point, "--version").strip())
