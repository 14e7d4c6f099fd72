"""Every setting that a deployment makes is a key of the configuration."""

import json
import pathlib
import re
import unittest

import yaml

REPOSITORY = pathlib.Path(__file__).parents[2]
DEPLOY = REPOSITORY / "deploy"


def keys():
    """The keys that the sources define, secret or not."""
    text = (REPOSITORY / "Sources/Bridge/Configuration/ConfigurationKey.swift").read_text()
    found = {
        name: "isSecret: true" in rest
        for name, rest in re.findall(r'= Self\(\s*"([A-Za-z.]+)",(.*?)(?=\n    static|\n    ///)', text, re.DOTALL)
    }
    assert len(found) > 20, "ConfigurationKey.swift is not as this test reads it"
    return found


def variable(name):
    """The environment variable of a key, as ConfigurationKey makes it."""
    return "BRIDGE_" + re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name.replace(".", "_")).upper()


def names():
    """All keys and variables that count."""
    of_keys, of_variables = set(), set()
    for name, is_secret in keys().items():
        of_keys |= {name, name + "File"} if is_secret else {name}
        of_variables |= {variable(name), variable(name) + "_FILE"} if is_secret else {variable(name)}
    return of_keys, of_variables


def flat(value, prefix=""):
    """The names of a tree of settings, with dots between."""
    if not isinstance(value, dict):
        return {prefix}
    return set().union(*(flat(each, f"{prefix}.{key}" if prefix else key) for key, each in value.items()))


class ConfigurationTests(unittest.TestCase):
    def test_the_table_of_readme_has_every_key(self):
        readme = (REPOSITORY / "README.md").read_text()
        missing = [name for name in keys() if f"`{name}`" not in readme and name != "aws.roles"]
        self.assertEqual(missing, [])

    def test_every_variable_that_a_deployment_sets_is_one(self):
        _, variables = names()
        used = {}
        for path in sorted(DEPLOY.rglob("*")):
            if path.is_file() and path.suffix in {".yaml", ".tf", ".md", ".service", ".sh", ""} and ".terraform" not in path.parts:
                for name in re.findall(r"(?<![A-Z_])BRIDGE_[A-Z_]*[A-Z]", path.read_text()):
                    used.setdefault(name, path.relative_to(REPOSITORY))
        self.assertGreater(len(used), 5)
        self.assertEqual({name: str(path) for name, path in used.items() if name not in variables}, {})

    def test_the_example_of_the_service_is_a_configuration(self):
        of_keys, _ = names()
        text = (DEPLOY / "systemd/bridge.yaml").read_text()
        self.assertEqual(flat(yaml.safe_load(text)) - of_keys, set())
        # What stands behind a # with a space, and is no sentence, is a setting too.
        suggested = yaml.safe_load("\n".join(re.findall(r"^# (eventBridge:|  apiKeyFile: .*)$", text, re.MULTILINE)))
        self.assertEqual(flat(suggested), {"eventBridge.apiKeyFile"})
        self.assertIn("eventBridge.apiKeyFile", of_keys)

    def test_keys_that_guides_name_are_keys(self):
        of_keys, _ = names()
        groups = {name.split(".")[0] for name in of_keys}
        for path in [REPOSITORY / "README.md", *DEPLOY.rglob("*.md"), *DEPLOY.glob("cloudformation/*.yaml")]:
            named = set(re.findall(rf"`((?:{'|'.join(groups)})\.[A-Za-z]\w*(?:\.[A-Za-z]\w*)*)`", path.read_text()))
            files = {name for name in named if name.endswith((".yaml", ".service", ".socket", ".url"))} - {"store.url"}
            # The name that EventBridge has for AWS IoT.
            self.assertEqual(named - of_keys - files - {"aws.iot"}, set(), path)


if __name__ == "__main__":
    unittest.main()
