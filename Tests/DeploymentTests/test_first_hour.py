"""A newcomer's first hour with the package: in a bare Debian 12, from its installation to a finding in AWS Security Hub.

The commands are those of install.md, as written there. AWS is the stand-in that `defender-bridge demo` starts, on a machine of the
operator, which also sends the alert.
"""

import os
import re
import subprocess
import sys
import time
import unittest

from documents import DOCS, fences
from image import run
from newcomer import EXPECTED, start, write
from packages import CONFIGURATION, PROGRAM, Packages

AUTHORITY = "/etc/defender-bridge/fullchain.pem"


def setUpModule():
    global PACKAGES
    PACKAGES = Packages()


def section(heading):
    """The fenced blocks of a section of install.md: language and content."""
    text = (DOCS / "install.md").read_text()
    found = re.search(rf"^## {heading}\n(.*?)(?=^## )", text, re.MULTILINE | re.DOTALL)
    return [(language, content) for _, language, content, _ in fences(found[1])]


class FirstHourTests(unittest.TestCase):
    def setUp(self):
        self.machine = PACKAGES.machine(self, boots=True)
        self.operator = PACKAGES.new_folder()
        self.inside = ["nsenter", f"--target={self.machine.first}", "--net"]
        # The newcomer confirms apt's question, and edits by an editor that the machine has.
        write(self.machine.path("/etc/apt/apt.conf.d/yes"), 'APT::Get::Assume-Yes "true";\n', mode=0o644)
        write(self.machine.path("/usr/local/bin/sudo"), '#!/bin/sh\nexec "$@"\n')
        write(self.machine.path("/usr/local/bin/editor"), '#!/bin/sh\ncat /root/edited.yaml >"$1"\n')

    def start_stand_in(self):
        """Starts the stand-in for AWS, and returns the variables that name it."""
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "BRIDGE_"))}
        text = start([*self.inside, str(PROGRAM), "demo", "--findings", "24"], inherited, "get-findings", self.addCleanup)
        return dict(re.findall(r"export (\w+)=(\S+)", text))

    def edit(self, sources):
        """What the newcomer's editor writes: the default configuration with the sources of the document."""
        text = (self.machine.path(CONFIGURATION).read_text()) + sources
        write(self.machine.path("/root/edited.yaml"), text, mode=0o600)

    def add_certificate(self):
        run(
            "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "30",
            "-subj", "/CN=bridge.example.com", "-addext", "subjectAltName=DNS:bridge.example.com",
            "-keyout", self.machine.path("/etc/defender-bridge/key.pem"), "-out", self.machine.path(AUTHORITY),
        )
        self.machine.do("chgrp defender-bridge /etc/defender-bridge/*.pem && chmod 0640 /etc/defender-bridge/key.pem")

    def operate(self, script, variables):
        """Runs a script on the operator's machine, and returns its output."""
        write(self.operator / "sudo", f'#!/bin/sh\nexec "$1" "{self.machine.root}$2"\n')
        write(
            self.operator / "aws",
            f"#!/bin/sh\nexec {sys.executable} -c 'import sys; from awscli.clidriver import main; sys.exit(main())' \"$@\"\n",
        )
        write(
            self.operator / ".curlrc",
            f'silent\nresolve = "bridge.example.com:443:127.0.0.1"\ncacert = "{self.machine.path(AUTHORITY)}"\n', mode=0o644)
        environment = os.environ | variables | {
            "HOME": str(self.operator), "PATH": f"{self.operator}:{os.environ['PATH']}", "AWS_PAGER": "",
            "AWS_DEFAULT_REGION": variables["AWS_REGION"],
        }
        done = subprocess.run(
            [*self.inside, "bash", "-ec", script], env=environment, capture_output=True, text=True, check=False, timeout=60)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done.stdout

    def run_commands(self, block):
        for command in block.splitlines():
            done = self.machine.execute(command)
            if done.returncode != 0:
                self.assertTrue(command.startswith(tuple(EXPECTED)), f"{command}: {done.returncode}\n{done.stdout}")

    def test_from_the_package_to_a_finding(self):
        blocks = section("Install the package")
        self.assertEqual([language for language, _ in blocks], ["sh", "sh", "yaml", "sh", "sh"])
        (_, building), (_, installing), (_, sources), (_, starting), (_, sending) = blocks
        self.assertEqual(building, "deploy/packages/build.sh\n")

        variables = self.start_stand_in()
        variables.setdefault("AWS_REGION", "us-east-1")
        *before, editing = installing.splitlines()
        self.run_commands("\n".join(before))
        self.edit(sources)
        self.run_commands(editing)
        self.add_certificate()
        environment = "".join(f"{name}={value}\n" for name, value in variables.items())
        write(self.machine.path("/etc/defender-bridge/environment"), environment, mode=0o600)
        self.run_commands(starting)

        post, question = sending.split("aws ", 1)
        self.operate(post, variables)
        end = time.monotonic() + 60
        while "InstallationTest" not in (found := self.operate("aws " + question, variables)):
            if time.monotonic() > end:
                self.fail(found + self.machine.execute("journalctl --no-pager --unit=defender-bridge").stdout)
        self.assertIn('"ACTIVE"', found)


if __name__ == "__main__":
    unittest.main()
