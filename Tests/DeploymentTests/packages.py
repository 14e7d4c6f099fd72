"""The packages that deploy/packages/build.sh makes, and machines to install them in, for tests.

They package a release build, which contains Swift's libraries: DEFENDER_BRIDGE_RELEASE_PROGRAM, or the one in .build/release.
"""

import os
import pathlib
import re
import shutil
import tempfile
import unittest

from image import REPOSITORY, enter_mount_namespace, run
from machine import Machine, base, delete

PROGRAM = pathlib.Path(os.environ.get("DEFENDER_BRIDGE_RELEASE_PROGRAM") or REPOSITORY / ".build/release/defender-bridge").resolve()
BUILD = REPOSITORY / "deploy/packages/build.sh"
CONFIGURATION = "/etc/defender-bridge/bridge.yaml"
UNITS = "defender-bridge.socket defender-bridge.service"


def build(output):
    """Builds the packages of the program, quickly compressed."""
    fast = {"DPKG_DEB_COMPRESSOR_LEVEL": "0", "XZ_OPT": "-0", "SOURCE_DATE_EPOCH": "1700000000"}
    run(BUILD, "--program", PROGRAM, "--output", output, env=os.environ | fast)
    return {path.name: path for path in sorted(output.iterdir())}


def only(files, pattern):
    (path,) = [path for name, path in files.items() if re.fullmatch(pattern, name)]
    return path


class Packages:
    """The built packages, and the base of the machines. Until the end of a module's tests."""

    def __init__(self):
        if os.geteuid() != 0:
            raise unittest.SkipTest("only root can create namespaces")
        if not PROGRAM.exists():
            raise unittest.SkipTest(f"no release build at {PROGRAM}")
        enter_mount_namespace()
        self.folder = pathlib.Path(tempfile.mkdtemp())
        unittest.addModuleCleanup(delete, self.folder)
        self.files = build(self.folder / "packages")
        self.package = only(self.files, r"defender-bridge_[^_]+_\w+\.deb")
        self.archive = base(self.package)

    def new_folder(self):
        return pathlib.Path(tempfile.mkdtemp(dir=self.folder))

    def machine(self, test, boots):
        """A machine with the package in the administrator's folder, until the end of the test."""
        machine = Machine(self.new_folder() / "root", self.archive)
        test.addCleanup(machine.end)
        shutil.copy(self.package, machine.path("/root"))
        if boots:
            machine.boot(self.folder)
        return machine
