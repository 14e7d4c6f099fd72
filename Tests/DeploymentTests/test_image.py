"""The image of deploy/docker, built by image.py and started with the settings of compose.yaml."""

import json
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
import documents
import image
import yaml
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

BUILD = image.DOCKER / "build.sh"
COMMIT = "0123456789abcdef0123456789abcdef01234567"
DATE = "2026-01-02T03:04:05Z"
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
        self.assertRaises(ValueError, dockerfile.instructions, "ONBUILD RUN a\n")
        self.assertRaises(ValueError, dockerfile.stages, "RUN a\n")
        text = 'ARG A=a\nARG B=b\nFROM ${A}-$B AS c\nARG A\nARG D="d e"\n'
        (stage,), defaults = dockerfile.stages(text, {"B": "given"})
        self.assertEqual((stage.base, stage.name, defaults), ("a-given", "c", {"A": "a", "B": "given"}))
        self.assertEqual([dockerfile.argument(step, defaults) for step in stage.steps], [("A", "a"), ("D", "d e")])
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


class BuildTests(unittest.TestCase):
    def test_base_images_can_be_named_by_digest(self):
        digest = "sha256:" + "0" * 64
        text = (image.DOCKER / "Dockerfile").read_text()
        stages, _ = dockerfile.stages(text, {"BASE_IMAGE": f"debian:12-slim@{digest}"})
        self.assertEqual([stage.base for stage in stages], ["swift:6.3-bookworm", f"debian:12-slim@{digest}", "build", "runtime"])

    def test_the_sources_of_dependencies_have_a_layer_of_their_own(self):
        build = dockerfile.stages((image.DOCKER / "Dockerfile").read_text())[0][0]
        steps = [step.rest for step in build.steps if step.name in ("COPY", "RUN")]
        resolve = steps.index("swift package resolve")
        self.assertEqual(steps[resolve - 1], "Package.swift ./")
        self.assertLess(resolve, steps.index("Sources Sources"))

    def test_the_version_is_that_of_the_program(self):
        _, defaults = dockerfile.stages((image.DOCKER / "Dockerfile").read_text())
        source = (image.REPOSITORY / "Sources/Bridge/Bridge.swift").read_text()
        self.assertIn(f'static let version = "{defaults["VERSION"]}"', source)

    def run_script(self, *options):
        """The arguments that build.sh passes to Docker."""
        folder = pathlib.Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, folder)
        docker = folder / "docker"
        docker.write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n')
        docker.chmod(0o755)
        environment = os.environ | {"DOCKER": str(docker), "SOURCE_DATE_EPOCH": "1767323045"}
        run = subprocess.run([BUILD, *options], env=environment, capture_output=True, text=True, check=True)
        return run.stdout.splitlines()

    def test_the_script_passes_commit_date_and_version(self):
        arguments = self.run_script("--tag", "defender-bridge")
        self.assertEqual(arguments[:4], ["buildx", "build", "--file", "deploy/docker/Dockerfile"])
        self.assertIn(f"BUILD_DATE={DATE}", arguments)
        self.assertIn("SOURCE_DATE_EPOCH=1767323045", arguments)
        self.assertTrue(any(re.fullmatch(r"COMMIT=([0-9a-f]{40}(-dirty)?|unknown)", each) for each in arguments))
        self.assertEqual(arguments[-4:], ["--load", "--tag", "defender-bridge", "."])
        # What --version reports.
        build = dockerfile.stages((image.DOCKER / "Dockerfile").read_text())[0][0]
        (step,) = [step.rest for step in build.steps if "swift build" in step.rest]
        for name, argument in (("COMMIT", "COMMIT"), ("DATE", "BUILD_DATE")):
            self.assertIn(f'DEFENDER_BRIDGE_BUILD_{name}="${{{argument}}}"', step)

    def test_the_commands_of_the_document_are_complete(self):
        """Runs them with a replacement of Docker that prints its arguments."""
        folder = pathlib.Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, folder)
        (folder / "docker").write_text('#!/bin/sh\nprintf "%s " "$@" >>"$LOG"\necho >>"$LOG"\n')
        (folder / "docker").chmod(0o755)
        log = folder / "log"
        text = (image.REPOSITORY / "deploy/docs/containers.md").read_text()
        blocks = [block for _, language, block, _ in documents.fences(text) if language == "sh"]
        script = "\n".join(blocks).replace(">sbom.cdx.json", f">{folder}/sbom.cdx.json")
        environment = os.environ | {"PATH": f"{folder}:{os.environ['PATH']}", "LOG": str(log)}
        subprocess.run(["bash", "-euo", "pipefail", "-c", script], cwd=image.REPOSITORY, env=environment, check=True)
        commands = log.read_text().splitlines()
        self.assertEqual(len(commands), 12)
        # The container has the settings of compose.yaml.
        bridge = services(GIVEN)["bridge"]
        (run,) = [command for command in commands if command.startswith("run --detach")]
        for option in (
            f"--restart {bridge['restart']}", f"--cap-drop {bridge['cap_drop'][0]}", "--security-opt no-new-privileges",
            f"--stop-timeout {bridge['stop_grace_period'].rstrip('s')}", f"--ulimit nofile={bridge['ulimits']['nofile']}", "--read-only",
        ):
            self.assertIn(f" {option} ", run)
        self.assertTrue(bridge["read_only"])

    def test_a_pushed_image_is_not_loaded(self):
        self.assertNotIn("--load", self.run_script("--push", "--tag", "registry.example.com/defender-bridge"))


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
        cls.image = image.make(arguments={"COMMIT": COMMIT, "BUILD_DATE": DATE, "SOURCE_DATE_EPOCH": "1767323045"})
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

    def test_labels_describe_the_build(self):
        prefix = "org.opencontainers.image."
        labels = {name.removeprefix(prefix): value for name, value in self.image.labels.items()}
        self.assertEqual(labels["revision"], COMMIT)
        self.assertEqual(labels["created"], DATE)
        self.assertEqual(labels["title"], "Defender Bridge")
        self.assertEqual(labels["base.name"], "debian:12-slim")
        self.assertRegex(labels["version"], r"^\d+\.\d+\.\d+$")

    def test_the_bill_of_materials_is_valid_and_complete(self):
        text = (self.image.root / "usr/local/share/defender-bridge/sbom.cdx.json").read_text()
        self.assertIsNone(JsonStrictValidator(SchemaVersion.V1_6).validate_str(text))
        bill = json.loads(text)
        self.assertEqual(bill["metadata"]["timestamp"], DATE)
        architecture = image.run("dpkg", "--print-architecture").strip()
        self.assertEqual(
            bill["metadata"]["component"]["properties"],
            [{"name": "git:commit", "value": COMMIT}, {"name": "oci:architecture", "value": architecture}],
        )
        purls = {each["purl"] for each in bill["components"]}
        installed = image.run(
            "chroot", self.image.root, "dpkg-query", "--show", "--showformat=${Package} ${Version}\n"
        ).splitlines()
        found = [each for each in bill["components"] if each["purl"].startswith("pkg:deb/")]
        self.assertEqual(sorted(f"{each['name']} {each['version']}" for each in found), sorted(installed))
        for pin in image.pins():
            self.assertIn(f"pkg:swift/{pin['location'].removeprefix('https://')}@{pin['state']['version']}", purls)
        self.assertTrue(any(each.startswith("pkg:swift/github.com/swiftlang/swift@") for each in purls))

    def test_files_do_not_depend_on_the_time_of_the_build(self):
        shadow = (self.image.root / "etc/shadow").read_text()
        self.assertIn(f"bridge:!:{1767323045 // 86400}:", shadow)
        for path in ("var/log/dpkg.log", "var/log/apt", "var/cache/ldconfig/aux-cache", "etc/shadow-"):
            self.assertFalse((self.image.root / path).exists(), path)

    def test_the_bridge_can_read_the_certificates_of_rds(self):
        container = self.serve({})
        run = container.execute("cat", "/usr/local/share/amazon-rds/bundle.pem")
        self.assertIn("BEGIN CERTIFICATE", run.stdout)

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
