"""The systemd units and install.sh.

systemd is not the init process during these tests. Its tools check the units; the program starts with the settings of the unit:
inherited socket, environment, limits, user, system calls, read-only file system.
"""

import configparser
import contextlib
import ctypes
import http.client
import json
import os
import pathlib
import pwd
import re
import resource
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import unittest

REPOSITORY = pathlib.Path(__file__).parents[2]
UNITS = REPOSITORY / "deploy/systemd"
INSTALLER = REPOSITORY / "deploy/install.sh"
PROGRAM = REPOSITORY / ".build/debug/defender-bridge"
# Below /usr/local/share.
COMPLETIONS = {
    "bash": "bash-completion/completions/defender-bridge",
    "zsh": "zsh/site-functions/_defender-bridge",
    "fish": "fish/vendor_completions.d/defender-bridge.fish",
}


class Unit(configparser.RawConfigParser):
    """A systemd unit; repeated settings are lists."""

    def __init__(self, name):
        super().__init__(strict=False, dict_type=_Collecting, delimiters=("=",), comment_prefixes=("#",))
        self.optionxform = str
        self.read(UNITS / name)

    def all(self, section, name):
        return self._sections[section].get(name, "").split("\n") if name in self._sections[section] else []


class _Collecting(dict):
    """Keeps all values of repeated settings."""

    def __setitem__(self, key, value):
        if isinstance(value, list) and isinstance(self.get(key), list):
            self[key].extend(value)
        else:
            super().__setitem__(key, value)


def permitted_calls(filters):
    """The system calls that SystemCallFilter= lines permit, by systemd's lists."""
    lists = subprocess.run(["systemd-analyze", "syscall-filter", "--no-pager"], capture_output=True, text=True, check=True).stdout
    groups, group = {}, None
    for line in lists.splitlines():
        if line.startswith("@"):
            group = groups.setdefault(line.strip(), [])
        elif group is not None and line.startswith("    ") and not line.strip().startswith("#"):
            group.append(line.strip())

    def calls(name):
        return set().union(*map(calls, groups[name])) if name.startswith("@") else {name}

    permitted = calls("@default")
    for line in filters:
        names = set().union(*map(calls, line.lstrip("~").split()))
        # A later line narrows the set; calls of @default stay unless they are named (systemd.exec(5)).
        permitted = permitted - (names - calls("@default")) if line.startswith("~") else permitted | names
    return permitted


def restrict(permitted):
    """Lets the kernel deny other system calls of this process with EPERM, as systemd does."""
    library = ctypes.CDLL("libseccomp.so.2", use_errno=True)
    library.seccomp_init.restype = ctypes.c_void_p
    context = ctypes.c_void_p(library.seccomp_init(ctypes.c_uint32(0x00050000 | 1)))  # SCMP_ACT_ERRNO(EPERM)
    for name in permitted:
        number = library.seccomp_syscall_resolve_name(name.encode())
        if number >= 0:
            library.seccomp_rule_add(context, ctypes.c_uint32(0x7FFF0000), ctypes.c_int(number), ctypes.c_uint(0))
    if library.seccomp_load(context) != 0:
        os._exit(99)


class UnitTests(unittest.TestCase):
    def test_systemd_analyze_accepts_the_units(self):
        with tempfile.TemporaryDirectory() as folder:
            # systemd-analyze requires that the program exists.
            root = pathlib.Path(folder)
            for name in ("defender-bridge.service", "defender-bridge.socket"):
                text = (UNITS / name).read_text().replace("/usr/local/bin/defender-bridge", "/bin/true")
                (root / name).write_text(text)
            run = subprocess.run(
                ["systemd-analyze", "verify", "--man=no", str(root / "defender-bridge.service"), str(root / "defender-bridge.socket")],
                capture_output=True,
                text=True,
                check=False,
            )
        self.assertEqual((run.returncode, run.stdout + run.stderr), (0, ""))

    def test_exposure_is_below_two(self):
        run = subprocess.run(
            ["systemd-analyze", "security", "--offline=true", "--no-pager", str(UNITS / "defender-bridge.service")],
            capture_output=True,
            text=True,
            check=False,
        )
        level = re.search(r"Overall exposure level for \S+: ([0-9.]+)", run.stdout)
        self.assertIsNotNone(level, run.stdout + run.stderr)
        self.assertLess(float(level[1]), 2.0)


class InstallerTests(unittest.TestCase):
    """Installs into a temporary root directory, with a script in place of the bridge."""

    def setUp(self):
        self.root = pathlib.Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.root)
        (self.root / "etc").mkdir()
        (self.root / "program").write_text("#!/bin/sh\necho 1\n")
        (self.root / "program").chmod(0o755)

    def install(self, *arguments):
        return subprocess.run(
            [str(INSTALLER), "--root", str(self.root), *arguments], capture_output=True, text=True, check=False
        )

    def test_it_installs_upgrades_and_uninstalls_without_removing_data(self):
        run = self.install(str(self.root / "program"))
        # The output reports that the user was created.
        self.assertEqual((run.returncode, "rror" in run.stderr), (0, False), run.stderr)
        self.assertIn("Next: edit", run.stdout)
        user = next(line for line in (self.root / "etc/passwd").read_text().splitlines() if line.startswith("defender-bridge:"))
        uid, gid = map(int, user.split(":")[2:4])
        self.assertTrue(user.endswith(":/usr/sbin/nologin"))
        state = self.root / "var/lib/defender-bridge"
        self.assertEqual((state.stat().st_uid, state.stat().st_gid, state.stat().st_mode & 0o777), (uid, gid, 0o700))
        configuration = self.root / "etc/defender-bridge/bridge.yaml"
        self.assertEqual((configuration.stat().st_uid, configuration.stat().st_gid), (0, gid))
        self.assertEqual(configuration.stat().st_mode & 0o777, 0o640)
        for unit in ("defender-bridge.service", "defender-bridge.socket"):
            self.assertEqual((self.root / "etc/systemd/system" / unit).read_text(), (UNITS / unit).read_text())
        completions = [self.root / "usr/local/share" / path for path in COMPLETIONS.values()]
        self.assertEqual([path.read_text() for path in completions], ["1\n"] * 3)

        configuration.write_text("mine: true\n")
        (state / "store.db").write_text("data")
        (self.root / "program").write_text("#!/bin/sh\necho 2\n")
        self.assertEqual(self.install(str(self.root / "program")).returncode, 0)
        self.assertEqual((self.root / "usr/local/bin/defender-bridge").read_text(), "#!/bin/sh\necho 2\n")
        self.assertEqual(configuration.read_text(), "mine: true\n")

        for _ in range(2):
            run = self.install("--uninstall")
            self.assertEqual((run.returncode, run.stderr), (0, ""))
        self.assertFalse((self.root / "usr/local/bin/defender-bridge").exists())
        self.assertEqual([path for path in completions if path.exists()], [])
        self.assertEqual(list((self.root / "etc/systemd/system").iterdir()), [])
        self.assertEqual((configuration.read_text(), (state / "store.db").read_text()), ("mine: true\n", "data"))

    def test_a_rollback_returns_to_the_program_before_the_last_upgrade(self):
        program, installed = self.root / "program", self.root / "usr/local/bin/defender-bridge"
        run = self.install("--rollback")
        self.assertEqual(run.returncode, 66)
        self.assertIn("no previous program", run.stderr)
        # A repeated installation is no upgrade.
        for number in (1, 2, 2):
            program.write_text(f"#!/bin/sh\necho {number}\n")
            self.assertEqual(self.install(str(program)).returncode, 0)
        completion = self.root / "usr/local/share" / COMPLETIONS["bash"]
        for number in (1, 2):
            self.assertEqual(self.install("--rollback").returncode, 0)
            self.assertEqual(installed.read_text(), f"#!/bin/sh\necho {number}\n")
            self.assertEqual(completion.read_text(), f"{number}\n")
        self.assertEqual(self.install("--uninstall").returncode, 0)
        self.assertEqual(list(installed.parent.iterdir()), [])

    def test_the_shells_complete_commands_and_flags(self):
        self.assertEqual(self.install(str(PROGRAM)).returncode, 0)
        files = {shell: self.root / "usr/local/share" / path for shell, path in COMPLETIONS.items()}
        scripts = {
            "bash": f"""
                source {files["bash"]}
                completed() {{
                    COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMP_LINE="$*" COMP_POINT=${{#COMP_LINE}}
                    COMPREPLY=()
                    _defender-bridge defender-bridge "${{@: -1}}" "${{@: -2:1}}"
                    echo "${{COMPREPLY[@]}}"
                }}
                completed defender-bridge re
                completed defender-bridge check --js
            """,
            "fish": f"""
                source {files["fish"]}
                complete --do-complete "defender-bridge re"
                complete --do-complete "defender-bridge check --js"
            """,
            # zsh completes only in its line editor.
            "zsh": f"zsh --no-exec {files['zsh']} && grep --only-matching --extended-regexp 'resume|rebuild-ledger|--json' {files['zsh']}",
        }
        for shell, script in scripts.items():
            with self.subTest(shell=shell):
                environment = os.environ | {"PATH": f"{self.root / 'usr/local/bin'}:{os.environ['PATH']}", "HOME": str(self.root)}
                run = subprocess.run([shell, "-c", script], capture_output=True, text=True, check=False, env=environment)
                self.assertEqual(run.returncode, 0, run.stderr)
                for word in ("resume", "rebuild-ledger", "--json"):
                    self.assertIn(word, run.stdout)

    def test_invalid_arguments_are_reported(self):
        run = self.install(str(self.root / "nothing"))
        self.assertEqual(run.returncode, 66)
        self.assertIn("build it first", run.stderr)
        self.assertEqual(self.install("--sideways").returncode, 64)
        run = subprocess.run([str(INSTALLER), "--root"], capture_output=True, text=True, check=False)
        self.assertEqual(run.returncode, 64)


class ServiceTests(unittest.TestCase):
    """The program, started with the settings of the unit."""

    def test_only_permanent_errors_prevent_a_restart(self):
        unit = Unit("defender-bridge.service")
        self.assertEqual(unit.get("Service", "Restart"), "always")
        self.assertEqual(unit.get("Service", "RestartPreventExitStatus").split(), ["64", "78"])
        self.assertEqual(unit.get("Unit", "StartLimitIntervalSec"), "0")

    def test_a_start_without_store_is_extended_and_not_ready(self):
        with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
            root = pathlib.Path(folder)
            manager = stack.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM))
            manager.bind(str(root / "notify"))
            manager.settimeout(60)
            # Bound but not listening: connections are refused, and no other process can use the port.
            database = stack.enter_context(socket.socket())
            database.bind(("127.0.0.1", 0))
            settings = {
                "listen.address": "127.0.0.1:0",
                "admin.address": "127.0.0.1:0",
                "store.url": f"postgresql://bridge@127.0.0.1:{database.getsockname()[1]}/bridge",
            }
            command = [str(PROGRAM), "serve"]
            for name, value in settings.items():
                command += ["--set", f"{name}={value}"]
            log = stack.enter_context((root / "log").open("wb"))
            environment = {"PATH": "/usr/bin", "NOTIFY_SOCKET": str(root / "notify")}
            process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
            stack.callback(process.wait, 30)
            stack.callback(process.kill)
            # Sent repeatedly: the second message follows some seconds after the first.
            for _ in range(2):
                message = manager.recv(4096).decode()
                self.assertRegex(message, r"(?m)^EXTEND_TIMEOUT_USEC=[0-9]{8}$")
                self.assertRegex(message, r"(?m)^STATUS=Listening\. Waiting for the store: The database cannot be reached")
                self.assertNotIn("READY=1", message)
            process.send_signal(signal.SIGTERM)
            self.assertEqual(process.wait(20), 0)
            while (message := manager.recv(4096)) != b"STOPPING=1":
                self.assertIn(b"EXTEND_TIMEOUT_USEC=", message)

    def changed_keys(self, log):
        """The changed settings in complete lines of the log."""
        lines = [json.loads(line) for line in log.read_text().splitlines(keepends=True) if line.endswith("\n")]
        return [line["keys"] for line in lines if "keys" in line]

    def test_the_program_runs_with_the_settings_of_the_unit(self):
        unit = Unit("defender-bridge.service")
        socket_unit = Unit("defender-bridge.socket")
        permitted = permitted_calls(unit.all("Service", "SystemCallFilter"))
        self.assertNotIn("ptrace", permitted)
        self.assertNotIn("mount", permitted)
        other_user = pwd.getpwuid(65534)
        listener = socket.create_server(("127.0.0.1", 0), backlog=int(socket_unit.get("Socket", "Backlog")))
        # A container may have a lower limit.
        given = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        wanted = int(unit.get("Service", "LimitNOFILE"))
        descriptors = wanted if given == resource.RLIM_INFINITY else min(wanted, given)

        with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
            root = pathlib.Path(folder)
            root.chmod(0o755)
            state = root / "state"
            state.mkdir(mode=0o700)
            os.chown(state, other_user.pw_uid, other_user.pw_gid)
            # The example configuration without TLS, with the test's store and admin address.
            text = (UNITS / "bridge.yaml").read_text()
            text = re.sub(r"listen:\n(?:  .*\n)+", "", text).replace("/var/lib/defender-bridge", str(state))
            (root / "bridge.yaml").write_text(text + "admin:\n  address: 127.0.0.1:0\n")
            manager = stack.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM))
            manager.bind(str(root / "notify"))
            (root / "notify").chmod(0o777)
            manager.settimeout(60)
            program = shutil.copy(PROGRAM, root / "defender-bridge")
            command = unit.get("Service", "ExecStart").replace("/usr/local/bin/defender-bridge", str(program))
            command = command.replace("/etc/defender-bridge/bridge.yaml", str(root / "bridge.yaml")).split()

            def enter():
                os.dup2(listener.fileno(), 3)
                os.set_inheritable(3, True)
                os.environ["LISTEN_PID"] = str(os.getpid())
                resource.setrlimit(resource.RLIMIT_NOFILE, (descriptors, descriptors))
                resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
                os.umask(int(unit.get("Service", "UMask"), 8))
                os.chdir(state)
                # CapabilityBoundingSet= and User= remove all capabilities.
                os.setgroups([])
                os.setresgid(other_user.pw_gid, other_user.pw_gid, other_user.pw_gid)
                os.setresuid(other_user.pw_uid, other_user.pw_uid, other_user.pw_uid)
                ctypes.CDLL(None).prctl(38, 1, 0, 0, 0)  # PR_SET_NO_NEW_PRIVS
                ctypes.CDLL(None).prctl(65, 1, 0, 0, 0)  # PR_SET_MDWE: MemoryDenyWriteExecute=, if the kernel supports it
                restrict(permitted)
                environment = {
                    "PATH": "/usr/bin",
                    "LISTEN_PID": str(os.getpid()),
                    "LISTEN_FDS": "1",
                    "LISTEN_FDNAMES": "defender-bridge.socket",
                    "NOTIFY_SOCKET": str(root / "notify"),
                    "WATCHDOG_USEC": "2000000",
                }
                os.execve(command[0], command, environment)

            log = stack.enter_context((root / "log").open("wb"))
            process = subprocess.Popen(["/bin/true"], preexec_fn=enter, stdout=log, stderr=log, close_fds=False)
            stack.callback(process.wait, 30)
            stack.callback(process.kill)
            message = b""
            try:
                while b"READY=1" not in message:
                    message = manager.recv(4096)
                port = listener.getsockname()[1]
                for path in ("/healthz", "/readyz"):
                    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
                    connection.request("GET", path)
                    self.assertEqual(connection.getresponse().status, 200, path)
                    connection.close()
                connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
                connection.request("POST", "/sns", body=b"{}", headers={"Content-Type": "text/plain"})
                self.assertIn(connection.getresponse().status, (400, 403))
                connection.close()
                while b"WATCHDOG=1" not in message:
                    message = manager.recv(4096)
                # ExecReload=
                (root / "bridge.yaml").write_text((root / "bridge.yaml").read_text() + "log: {level: debug}\n")
                process.send_signal(signal.SIGHUP)
                while b"RELOADING=1" not in message:
                    message = manager.recv(4096)
                self.assertRegex(message, rb"MONOTONIC_USEC=\d+")
                while b"READY=1" not in message:
                    message = manager.recv(4096)
                # Log lines are buffered for a moment.
                end = time.monotonic() + 30
                while not (keys := self.changed_keys(root / "log")) and time.monotonic() < end:
                    time.sleep(0.01)
                self.assertEqual(keys, ["log.level"])
                self.assertEqual((state / "store.db").stat().st_uid, other_user.pw_uid)
                self.assertEqual((state / "store.db").stat().st_mode & 0o077, 0)
                process.send_signal(signal.SIGTERM)
                self.assertEqual(process.wait(20), 0)
            except Exception:
                print((root / "log").read_text())
                raise


if __name__ == "__main__":
    unittest.main()
