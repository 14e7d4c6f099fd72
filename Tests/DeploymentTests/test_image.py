"""The image of deploy/docker, built by image.py and started with the settings of compose.yaml."""

import os
import pathlib
import re
import shutil
import signal
import subprocess
import tempfile
import time
import unittest

import dockerfile
import image
import yaml

COMPOSE = image.DOCKER / "compose.yaml"
GIVEN = {
    "BRIDGE_SNS_TOPICS": "arn:aws:sns:us-east-1:111122223333:device-defender-detect",
    "BRIDGE_EVENT_BRIDGE_API_KEY": "a-long-key",
    "POSTGRES_PASSWORD": "a-long-password",
}


def interpolated(text, variables):
    """compose.yaml with its variables, or the message for the first that is missing (the Compose specification's rules)."""

    def value(match):
        name, sign, rest = match.groups()
        if variables.get(name):
            return variables[name]
        if sign == ":?":
            raise KeyError(rest)
        return rest or ""

    return re.sub(r"\$\{(\w+)(?:(:-|:\?)([^}]*))?\}", value, text)


def services(variables):
    """The services of compose.yaml."""
    return yaml.safe_load(interpolated(COMPOSE.read_text(), variables))["services"]


def eventually(condition, timeout=60):
    """Waits until a condition holds."""
    end = time.monotonic() + timeout
    while not condition():
        if time.monotonic() > end:
            raise AssertionError("timed out")
        time.sleep(0.05)


class DockerfileTests(unittest.TestCase):
    def test_dockerfiles_are_parsed_as_by_docker(self):
        text = '# c\nARG A=1\nRUN a \\\n# c\n  && b\nHEALTHCHECK --interval=1s --retries=2 CMD ["x", "y z"]\n'
        found = [(each.name, each.flags, each.rest) for each in dockerfile.instructions(text)]
        self.assertEqual(
            found,
            [("ARG", {}, "A=1"), ("RUN", {}, "a && b"), ("HEALTHCHECK", {"interval": "1s", "retries": "2"}, 'CMD ["x", "y z"]')],
        )
        self.assertEqual(dockerfile.Instruction("CMD", {}, '["x", "y z"]').words, ["x", "y z"])
        self.assertRaises(ValueError, dockerfile.instructions, "ADD a b\n")
        self.assertRaises(ValueError, dockerfile.stages, "RUN a\n")
        self.assertEqual(dockerfile.expanded("$A-${B}-${C:-c}", {"A": "a", "B": "b"}), "a-b-c")

    def test_dockerignore_files_are_parsed_as_by_docker(self):
        patterns = "**\n!Sources\n!deploy/docker/example\n**/.build\n"
        for path, ignored in {
            "Sources": False,
            "Sources/a/b.swift": False,
            "Sources/.build/c": True,
            ".build": True,
            "deploy/docker/example": False,
            "deploy/docker/compose.yaml": True,
            "README.md": True,
        }.items():
            self.assertEqual(dockerfile.is_ignored(path, patterns), ignored, path)


class ComposeTests(unittest.TestCase):
    def test_required_variables_are_reported(self):
        for name in GIVEN:
            with self.assertRaises(KeyError, msg=name):
                services({key: value for key, value in GIVEN.items() if key != name})

    def test_the_bridge_uses_the_database_of_the_file(self):
        database = services(GIVEN)["postgresql"]["environment"]
        bridge = services(GIVEN)["bridge"]["environment"]
        self.assertEqual(
            bridge["BRIDGE_STORE_URL"], f"postgresql://{database['POSTGRES_USER']}@postgresql/{database['POSTGRES_DB']}"
        )
        self.assertEqual(bridge["PGPASSWORD"], database["POSTGRES_PASSWORD"])

    def test_docker_compose_accepts_the_file(self):
        if subprocess.run(["docker", "compose", "version"], capture_output=True, check=False).returncode != 0:
            self.skipTest("Docker's compose is not installed")
        run = subprocess.run(
            ["docker", "compose", "--file", str(COMPOSE), "config", "--quiet"],
            env=os.environ | GIVEN,
            capture_output=True,
            text=True,
            check=False,
        )
        self.assertEqual((run.returncode, run.stderr), (0, ""))


@unittest.skipUnless(os.geteuid() == 0, "only root can build an image")
class ImageTests(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.image = image.make()
        cls.states = pathlib.Path(tempfile.mkdtemp())
        cls.addClassCleanup(shutil.rmtree, cls.states)

    def start(self, **options):
        state = pathlib.Path(tempfile.mkdtemp(dir=self.states))
        state.chmod(0o755)
        container = image.Container(self.image, state, **options)
        self.addCleanup(container.end)
        return container

    def serve(self, environment):
        container = self.start(environment=environment)
        try:
            eventually(lambda: container.process.poll() is not None or container.check_health() == 0)
            self.assertIsNone(container.process.poll())
        except Exception:
            print(container.log.read_text())
            raise
        return container

    def test_it_serves_with_the_settings_of_compose_and_stops_on_the_signal(self):
        environment = services(GIVEN)["bridge"]["environment"]
        # No database is running.
        environment["BRIDGE_STORE_URL"] = self.image.environment["BRIDGE_STORE_URL"]
        container = self.serve(environment)
        status = pathlib.Path(f"/proc/{container.first}/status").read_text()
        user, group = self.image.user.split(":")
        self.assertIn(f"Uid:\t{user}\t{user}", status)
        self.assertIn(f"Gid:\t{group}\t{group}", status)
        self.assertNotEqual(user, "0")
        self.assertEqual(re.findall(r"Cap(?:Prm|Eff|Bnd):\t(\d+)", status), ["0" * 16] * 3)
        self.assertIn("NoNewPrivs:\t1", status)
        for place in ("/new", "/tmp/new"):
            self.assertIn("Read-only file system", container.execute("touch", place).stderr)
        (volume,) = self.image.volumes
        found = container.execute("stat", "--format=%u:%g %a %n", volume, f"{volume}/store.db").stdout.splitlines()
        self.assertEqual(found, [f"{self.image.user} 700 {volume}", f"{self.image.user} 600 {volume}/store.db"])
        self.assertEqual(self.image.ports, [int(self.image.environment["BRIDGE_LISTEN_ADDRESS"].rpartition(":")[2])])
        self.assertEqual(container.execute("defender-bridge", "health").stdout, '{"status":"ready"}\n')

        container.signal(getattr(signal, self.image.stop_signal))
        # The grace period of compose.yaml.
        grace = services(GIVEN)["bridge"]["stop_grace_period"]
        self.assertEqual(container.process.wait(float(grace.rstrip("s"))), 0)

    def test_the_health_check_detects_a_stopped_bridge(self):
        container = self.serve({})
        container.signal(signal.SIGSTOP)
        self.assertNotEqual(container.check_health(), 0)
        container.signal(signal.SIGCONT)
        eventually(lambda: container.check_health() == 0)
        self.assertEqual(self.start(command=["sleep", "infinity"]).check_health(), 1)

    def test_an_invalid_setting_stops_the_container(self):
        container = self.start(environment={"BRIDGE_SNS_TOPICS": "invalid"})
        self.assertEqual(container.process.wait(60), 78)
        self.assertIn("sns.topics", container.log.read_text())


if __name__ == "__main__":
    unittest.main()
