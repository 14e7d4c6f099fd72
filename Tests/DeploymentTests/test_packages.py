"""The packages that deploy/packages/build.sh makes, in a bare Debian 12 with and without systemd, and install.sh of the tarball."""

import hashlib
import json
import os
import pathlib
import re
import shutil
import stat
import subprocess
import unittest

from documents import DOCS
from image import REPOSITORY, run
from newcomer import write
from packages import BUILD, CONFIGURATION, PROGRAM, UNITS, Packages, build, only


def setUpModule():
    global PACKAGES
    PACKAGES = Packages()


def with_version(package, version, folder, edit=lambda root: None):
    """A package with another version, and files that a function changes."""
    root = folder / version
    run("dpkg-deb", "--raw-extract", package, root)
    control = root / "DEBIAN/control"
    control.write_text(re.sub(r"(?m)^Version: .*$", f"Version: {version}", control.read_text()))
    edit(root)
    run("dpkg-deb", "--root-owner-group", "-z0", "--build", root, folder / f"defender-bridge_{version}.deb")
    return folder / f"defender-bridge_{version}.deb"


def rejecting(path):
    """Replaces a program by one that accepts no configuration."""
    write(path, '#!/bin/sh\n[ "$1" != --version ] || exit 0\necho "defender-bridge: listen.addres: unknown key." >&2\nexit 78\n')


class BuildTests(unittest.TestCase):
    def test_the_same_program_makes_the_same_packages(self):
        def digests(files):
            return {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in files.items()}

        self.assertEqual(len(PACKAGES.files), 3)
        self.assertEqual(digests(build(PACKAGES.folder / "again")), digests(PACKAGES.files))

    def test_debug_information_is_found_by_the_build_id(self):
        root = PACKAGES.folder / "symbols"
        run("dpkg-deb", "--extract", only(PACKAGES.files, r"defender-bridge-dbgsym_.*\.deb"), root)
        run("dpkg-deb", "--extract", PACKAGES.package, root)
        (debug,) = (root / "usr/lib/debug/.build-id").rglob("*.debug")
        notes = run("readelf", "--notes", root / "usr/bin/defender-bridge")
        self.assertEqual(re.search(r"Build ID: (\w+)", notes)[1], debug.parent.name + debug.stem)
        link = run("readelf", "--string-dump=.gnu_debuglink", root / "usr/bin/defender-bridge", errors="replace")
        self.assertIn(debug.name, link)
        sections = run("readelf", "--sections", "--wide", root / "usr/bin/defender-bridge")
        self.assertNotIn(".debug_info", sections)
        self.assertNotIn(".symtab", sections)

    def test_the_documents_name_the_versions_of_glibc(self):
        (readme,) = [name for name in run("tar", "--list", "--file", only(PACKAGES.files, r".*\.tar\.xz")).split() if name.endswith("/README")]
        text = run("tar", "--extract", "--to-stdout", "--file", only(PACKAGES.files, r".*\.tar\.xz"), readme)
        needed = re.search(r"glibc (\d+\.\d+) or later", text)[1]
        documented = re.search(r"glibc (\d+\.\d+) or later", (DOCS / "install.md").read_text())[1]
        self.assertLessEqual([int(part) for part in needed.split(".")], [int(part) for part in documented.split(".")])

    def test_manual_pages_have_no_errors(self):
        root = PACKAGES.folder / "manual"
        run("dpkg-deb", "--extract", PACKAGES.package, root)
        pages = sorted((root / "usr/share/man/man1").iterdir())
        listed = {command["commandName"] for command in json.loads(run(PROGRAM, "--experimental-dump-help"))["command"]["subcommands"]}
        self.assertEqual({page.name for page in pages}, {"defender-bridge.1.gz"} | {f"defender-bridge-{name}.1.gz" for name in listed - {"help"}})
        for page in pages:
            command = ["man", "--warnings", "--local-file", str(page)]
            done = subprocess.run(command, capture_output=True, text=True, check=False, env=os.environ | {"MANWIDTH": "80", "LC_ALL": "C.UTF-8"})
            self.assertEqual((done.returncode, done.stderr), (0, ""), page.name)
            self.assertIn("SYNOPSIS", done.stdout)

    @unittest.skipUnless(shutil.which("lintian"), "lintian is not installed")
    def test_lintian_finds_no_errors(self):
        # It leaves files in the folder of temporary files.
        done = subprocess.run(
            ["lintian", "--allow-root", "--fail-on", "error,warning", str(PACKAGES.package)], capture_output=True, text=True,
            check=False, env=os.environ | {"TMPDIR": str(PACKAGES.new_folder())})
        self.assertEqual((done.returncode, done.stdout), (0, ""), done.stderr)

    def test_invalid_arguments_are_reported(self):
        for arguments, status in [(["--sideways"], 64), (["--program"], 64), (["--program", "/nothing"], 66)]:
            done = subprocess.run([BUILD, *arguments], capture_output=True, text=True, check=False)
            self.assertEqual(done.returncode, status, done.stderr)


class PackageTests(unittest.TestCase):
    """In a machine that is not booted, as in the build of an image."""

    def test_it_installs_upgrades_removes_and_purges(self):
        machine = PACKAGES.machine(self, boots=False)
        output = machine.install("apt", "install", "--yes", f"/root/{PACKAGES.package.name}")
        self.assertIn(f"edit {CONFIGURATION}, then run", output)
        user = next(line for line in machine.path("/etc/passwd").read_text().splitlines() if line.startswith("defender-bridge:"))
        uid, gid = map(int, user.split(":")[2:4])
        self.assertTrue(user.endswith(":/var/lib/defender-bridge:/usr/sbin/nologin"), user)

        def access(path):
            found = machine.path(path).stat()
            return found.st_uid, found.st_gid, stat.S_IMODE(found.st_mode)

        self.assertEqual(access("/usr/bin/defender-bridge"), (0, 0, 0o755))
        self.assertEqual(access("/etc/defender-bridge"), (0, gid, 0o750))
        self.assertEqual(access(CONFIGURATION), (0, gid, 0o640))
        self.assertEqual(access("/var/lib/defender-bridge"), (uid, gid, 0o700))
        for name in UNITS.split():
            text = (REPOSITORY / "deploy/systemd" / name).read_text().replace("/usr/local/bin/", "/usr/bin/")
            installed = machine.path(f"/usr/lib/systemd/system/{name}").read_text()
            self.assertEqual(installed, text.replace("man:systemd.exec(5)", "man:defender-bridge(1)"))
            self.assertFalse(list(machine.path("/etc/systemd/system").rglob(name)), "enabled before it is configured")
        for path in ("bash-completion/completions/defender-bridge", "zsh/vendor-completions/_defender-bridge",
                     "fish/vendor_completions.d/defender-bridge.fish"):
            self.assertIn("rebuild-ledger", machine.path(f"/usr/share/{path}").read_text())
        self.assertRegex(machine.install("defender-bridge", "--version"), r"(?m)^OpenSSL 3\.")
        self.assertEqual(machine.install("dpkg", "--verify", "defender-bridge"), "")

        # An upgrade keeps what the operator changed; the operator's owners and modes, too.
        machine.path(CONFIGURATION).write_text("mine: true\n")
        machine.path(CONFIGURATION).chmod(0o600)
        (machine.path("/etc/defender-bridge") / "key.pem").write_text("secret")
        (machine.path("/var/lib/defender-bridge") / "store.db").write_text("data")
        newer = with_version(PACKAGES.package, "99.0", PACKAGES.new_folder())
        shutil.copy(newer, machine.path("/root"))
        machine.install("apt", "install", "--yes", f"/root/{newer.name}")
        self.assertEqual(machine.install("dpkg-query", "--show", "--showformat=${Version}", "defender-bridge"), "99.0")
        self.assertEqual(machine.path(CONFIGURATION).read_text(), "mine: true\n")
        self.assertEqual(access(CONFIGURATION), (0, gid, 0o600))

        machine.install("apt", "remove", "--yes", "defender-bridge")
        self.assertFalse(machine.path("/usr/bin/defender-bridge").exists())
        self.assertFalse(machine.path("/usr/lib/systemd/system/defender-bridge.service").exists())
        self.assertEqual(machine.path(CONFIGURATION).read_text(), "mine: true\n")
        self.assertEqual((machine.path("/var/lib/defender-bridge") / "store.db").read_text(), "data")

        machine.install("apt", "purge", "--yes", "defender-bridge")
        self.assertFalse(machine.path("/etc/defender-bridge").exists())
        self.assertFalse(machine.path("/var/lib/defender-bridge").exists())
        self.assertIn("defender-bridge:", machine.path("/etc/passwd").read_text())

    def test_it_rejects_the_installation_beside_one_by_the_installer(self):
        machine = PACKAGES.machine(self, boots=False)
        write(machine.path("/usr/local/bin/defender-bridge"), "#!/bin/sh\n")
        with self.assertRaisesRegex(RuntimeError, "Remove it first with install.sh --uninstall"):
            machine.install("apt", "install", "--yes", f"/root/{PACKAGES.package.name}")


class BootedTests(unittest.TestCase):
    maxDiff = None
    """In a machine that systemd runs."""

    def setUp(self):
        self.machine = PACKAGES.machine(self, boots=True)

    def process(self):
        """The process ID of the service."""
        return int(self.machine.do("systemctl show --property=MainPID --value defender-bridge.service"))

    def without_tls(self):
        """The default configuration, without TLS, which needs a certificate."""
        path = self.machine.path(CONFIGURATION)
        text = re.sub(r"listen:\n(?:  .*\n)+", "", path.read_text())
        path.write_text(text)

    def test_an_upgrade_restarts_the_service_only_with_a_valid_configuration(self):
        machine = self.machine
        machine.do(f"apt install --yes /root/{PACKAGES.package.name}")
        self.without_tls()
        machine.do(f"systemctl enable --now {UNITS}")
        first = self.process()
        folder = PACKAGES.new_folder()
        packages = [with_version(PACKAGES.package, "98.0", folder, lambda root: rejecting(root / "usr/bin/defender-bridge"))]
        packages += [with_version(PACKAGES.package, "99.0", folder)]
        for package in packages:
            shutil.copy(package, machine.path("/root"))
        output = machine.do(f"apt install --yes /root/{packages[0].name}")
        self.assertIn("listen.addres: unknown key.", output, machine.execute("journalctl --no-pager --lines=20").stdout)
        self.assertIn("The previous version keeps running", output)
        self.assertEqual(self.process(), first)

        machine.do(f"apt install --yes /root/{packages[1].name}")
        second = self.process()
        self.assertNotIn(second, (0, first))
        machine.do(f"defender-bridge health --config {CONFIGURATION}")

        machine.do("apt remove --yes defender-bridge")
        self.assertFalse(machine.path(f"/proc/{second}").exists())
        self.assertEqual(machine.execute("systemctl is-active defender-bridge.socket").stdout.strip(), "inactive")

    def test_the_installer_of_the_tarball_upgrades_and_rolls_back(self):
        machine = self.machine
        run("tar", "--extract", "--file", only(PACKAGES.files, r".*\.tar\.xz"), "--directory", machine.path("/root"), "--strip-components=1")
        machine.do("apt install --yes $(dpkg-deb --field /root/*.deb Depends | sed 's/|[^,]*//g; s/([^)]*)//g; s/,//g')")
        machine.do("./install.sh")
        self.without_tls()
        machine.do(f"systemctl enable --now {UNITS}")
        first = self.process()
        programs = ["/usr/local/bin/defender-bridge", "/usr/local/bin/.defender-bridge.previous"]
        self.assertFalse(machine.path(programs[1]).exists())

        # A program that does not accept the configuration changes nothing.
        rejecting(machine.path("/root/rejecting"))
        done = machine.execute("./install.sh /root/rejecting")
        self.assertEqual(done.returncode, 78, done.stdout)
        self.assertIn("listen.addres: unknown key.", done.stdout)
        self.assertIn("nothing changed", done.stdout)
        self.assertEqual(self.process(), first)
        self.assertFalse(machine.path(programs[1]).exists())

        # One that accepts it, but does not start.
        accepted = '#!/bin/sh\n[ "$1" != serve ] || exit 78\nexec /opt/defender-bridge "$@"\n'
        shutil.copy(machine.path("/root/defender-bridge"), machine.path("/opt"))
        write(machine.path("/root/failing"), accepted)
        machine.execute("./install.sh /root/failing")
        self.assertEqual(machine.path(programs[0]).read_text(), accepted)
        self.assertIn("failed", machine.execute("systemctl is-failed defender-bridge.service").stdout)
        machine.do("./install.sh --rollback")
        self.assertEqual(machine.path(programs[0]).read_bytes(), machine.path("/root/defender-bridge").read_bytes())
        self.assertEqual(machine.path(programs[1]).read_text(), accepted)
        machine.do(f"defender-bridge health --config {CONFIGURATION}")
        self.assertIn("SYNOPSIS", machine.path("/usr/local/share/man/man1/defender-bridge.1").read_text())

        machine.do("./install.sh --uninstall")
        self.assertEqual([name for name in programs if machine.path(name).exists()], [])
        done = machine.execute("./install.sh --rollback")
        self.assertEqual(done.returncode, 66, done.stdout)


if __name__ == "__main__":
    unittest.main()
