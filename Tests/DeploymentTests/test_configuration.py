"""Every setting in deployments and documents is a key of the configuration, and every key is documented."""

import json
import pathlib
import re
import unittest

import documents
import yaml

REPOSITORY = pathlib.Path(__file__).parents[2]
DEPLOY = REPOSITORY / "deploy"
PROGRAM = REPOSITORY / ".build/debug/defender-bridge"


def keys():
    """The keys of the program: secret or not."""
    found = {key["key"]: key["isSecret"] for key in documents.keys(PROGRAM)[0]}
    assert len(found) > 20, "the program does not list its keys"
    return found


def variable(name):
    """The environment variable of a key, as ConfigurationKey makes it."""
    return "BRIDGE_" + re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name.replace(".", "_")).upper()


def names():
    """All valid keys and variables."""
    of_keys, of_variables = set(), set()
    for name, is_secret in keys().items():
        of_keys |= {name, name + "File"} if is_secret else {name}
        of_variables |= {variable(name), variable(name) + "_FILE"} if is_secret else {variable(name)}
    return of_keys, of_variables


def flat(value, prefix=""):
    """The names in a tree of settings, joined by dots."""
    if not isinstance(value, dict):
        return {prefix}
    return set().union(*(flat(each, f"{prefix}.{key}" if prefix else key) for key, each in value.items()))


class ConfigurationTests(unittest.TestCase):
    def test_the_document_lists_every_key(self):
        document = (DEPLOY / "docs/configuration.md").read_text()
        self.assertEqual([name for name in keys() if f"| `{name}` | `{variable(name)}` |" not in document], [])

    def test_generated_parts_and_files_are_current(self):
        for name in [*documents.GENERATED, *documents.PRINTED]:
            current = (documents.DOCS / name).read_text()
            self.assertEqual(documents.generated(name, PROGRAM), current, f"run Tests/scripts/generate-documents.sh to update {name}")

    def test_every_variable_that_a_deployment_sets_is_a_setting(self):
        _, variables = names()
        used = {}
        for path in sorted(DEPLOY.rglob("*")):
            if path.is_file() and path.suffix in {".yaml", ".tf", ".md", ".service", ".sh", ""} and ".terraform" not in path.parts:
                for name in re.findall(r"(?<![A-Z_])BRIDGE_[A-Z_]*[A-Z]", path.read_text()):
                    used.setdefault(name, path.relative_to(REPOSITORY))
        self.assertGreater(len(used), 5)
        # Variables that Kubernetes sets, named as examples.
        of_kubernetes = {name: pathlib.Path("deploy/docs/configuration.md") for name in ("BRIDGE_PORT", "BRIDGE_SERVICE_HOST")}
        # Those of a source contain its name.
        unknown = {
            name: path for name, path in used.items()
            # The variable of the configuration file is not a key's.
            if name not in variables | {"BRIDGE_CONFIG"} and not name.startswith("BRIDGE_SOURCES_")}
        self.assertEqual(unknown, of_kubernetes)

    def test_the_example_configuration_of_the_service_has_valid_keys(self):
        of_keys, _ = names()
        text = (DEPLOY / "systemd/bridge.yaml").read_text()
        self.assertEqual(flat(yaml.safe_load(text)) - of_keys, set())
        # A setting that is commented out.
        suggested = yaml.safe_load("\n".join(re.findall(r"^# (eventBridge:|  apiKeyFile: .*)$", text, re.MULTILINE)))
        self.assertEqual(flat(suggested), {"eventBridge.apiKeyFile"})
        self.assertIn("eventBridge.apiKeyFile", of_keys)

    def test_keys_that_documents_name_are_keys(self):
        of_keys, _ = names()
        groups = {name.split(".")[0] for name in of_keys}
        paths = [REPOSITORY / name for name in documents.documents()] + list(DEPLOY.glob("cloudformation/*.yaml"))
        for path in paths:
            named = set(re.findall(rf"`((?:{'|'.join(groups)})\.[A-Za-z]\w*(?:\.[A-Za-z]\w*)*)`", path.read_text()))
            files = {name for name in named if name.endswith((".yaml", ".service", ".socket", ".url"))} - {"store.url"}
            values = flat(yaml.safe_load((DEPLOY / "helm/values.yaml").read_text())) if path.name == "kubernetes.md" else set()
            # The name that EventBridge has for AWS IoT.
            self.assertEqual(named - of_keys - files - values - {"aws.iot"}, set(), path)


if __name__ == "__main__":
    unittest.main()
