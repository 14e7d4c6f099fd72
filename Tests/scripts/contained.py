"""Runs a command in a temporary folder of its own, and ends everything that the command started.

    python3 contained.py COMMAND [ARGUMENT…]

TMPDIR names the folder. When the command has ended, or SIGINT, SIGTERM or SIGHUP arrives, all processes that descend from it are
ended, what is mounted in the folder is unmounted, and the folder is deleted.

Exit status: that of the command; 128 and the signal's number after a signal; 1 if the command succeeded, but a process, a mount
or a file remained, which is then listed.
"""

import ctypes
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

PR_SET_CHILD_SUBREAPER = 36
# Seconds for processes that are about to end, and after SIGTERM.
GRACE = float(os.environ.get("CONTAINED_GRACE", 10))
# Files of the Swift compiler and the package manager.
IGNORED = re.compile(r"TemporaryDirectory\.\w+|swift-generated-sources|.+\.lock")


class Interruption(BaseException):
    """A signal that ends the run."""


def interrupt(number, _):
    raise Interruption(number)


def descendants():
    """The processes that descend from this one, by id, with their commands. Processes that have ended are waited for."""
    # The system passes those without a parent to this process. So no process is lost, whatever it does to its environment.
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        return {}
    parents, commands = {}, {}
    for entry in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            state, parent = (entry / "stat").read_text().rpartition(")")[2].split()[:2]
            if state != "Z":
                parents[int(entry.name)] = int(parent)
                commands[int(entry.name)] = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue  # It has ended meanwhile.
    found, generation = {}, {os.getpid()}
    while generation:
        generation = {process for process, parent in parents.items() if parent in generation}
        found |= {process: commands[process] for process in generation}
    return found


def run(command, environment):
    """Runs the command to its end and returns its exit status. Waits for the processes that the system passes to this one, too."""
    # In a session of its own, the command does not get the terminal's signals: this process ends it.
    process = subprocess.Popen(command, env=environment, start_new_session=True)
    while process.returncode is None:
        ended, status = os.wait()
        if ended == process.pid:
            process.returncode = os.waitstatus_to_exitcode(status)
    return process.returncode


def wait_for_end(limit):
    """Waits until no process is left, for a limited time."""
    end = time.monotonic() + limit
    while descendants() and time.monotonic() < end:
        time.sleep(0.1)


def send(number):
    for process in descendants():
        try:
            os.kill(process, number)
        except ProcessLookupError:
            pass


def end_processes():
    """Ends all processes; those that do not end on SIGTERM by SIGKILL."""
    # PostgreSQL removes its shared memory on SIGTERM only.
    send(signal.SIGTERM)
    wait_for_end(GRACE)
    while descendants():
        send(signal.SIGKILL)
        wait_for_end(1)


def mounts(folder):
    """The directories in the folder that something is mounted on, the innermost first."""
    lines = pathlib.Path("/proc/self/mountinfo").read_text().splitlines()
    return [path for path in reversed([line.split()[4] for line in lines]) if path.startswith(f"{folder}/")]


def remains(folder):
    """What the command left behind, a line each."""
    wait_for_end(GRACE)
    yield from (f"process {process}: {command}" for process, command in descendants().items())
    yield from (f"mount: {path}" for path in mounts(folder))
    yield from (f"file: {path}" for path in sorted(folder.iterdir()) if not IGNORED.fullmatch(path.name))


def clean_up(folder):
    end_processes()
    for path in mounts(folder):
        subprocess.run(["umount", "--lazy", path], check=False)
    shutil.rmtree(folder, ignore_errors=True)


def main(command):
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    # Short, because the path of a socket has at most 107 bytes.
    folder = pathlib.Path(tempfile.mkdtemp(prefix="bridge-", dir="/tmp"))
    # PostgreSQL and nginx run as other users.
    folder.chmod(0o1777)
    ending = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]
    try:
        for number in ending:
            signal.signal(number, interrupt)
        status = run(command, os.environ | {"TMPDIR": str(folder)})
        if status != 0:
            return status if status > 0 else 128 - status
        left = list(remains(folder))
        for line in left:
            print(f"Left behind: {line}", file=sys.stderr)
        return 1 if left else 0
    except Interruption as interruption:
        return 128 + interruption.args[0]
    finally:
        for number in ending:
            signal.signal(number, signal.SIG_IGN)
        clean_up(folder)


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(f"usage: {sys.argv[0]} COMMAND [ARGUMENT…]")
    sys.exit(main(sys.argv[1:]))
