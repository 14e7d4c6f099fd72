"""Runs Terraform with moto, for tests."""

import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

import aws_stand_in
import boto3
from aws_stand_in import REGION

MODULES = pathlib.Path(__file__).parents[2] / "deploy/terraform"
# Settings that name another source of providers than the registry.
CONFIGURATION = pathlib.Path(os.environ.get("TF_CLI_CONFIG_FILE") or "~/.terraformrc").expanduser()


def provider_folders():
    """Local provider mirrors, for machines without access to the registry."""
    if CONFIGURATION.is_file():
        return []
    return [path.parent for top in ("opt", "usr/share", "usr/local/share") for path in pathlib.Path("/", top).glob("*/registry.terraform.io")]


class TerraformCase(unittest.TestCase):
    """Tests with a stand-in for AWS and a folder for configurations. `results` has plans and outputs by name."""

    maxDiff = None

    @classmethod
    def setUpClass(cls):
        serving = aws_stand_in.serving()
        cls.stand_in = serving.__enter__()
        cls.addClassCleanup(serving.__exit__, None, None, None)
        cls.folder = pathlib.Path(tempfile.mkdtemp())
        cls.addClassCleanup(shutil.rmtree, cls.folder)

    @classmethod
    def client(cls, service):
        keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
        return boto3.client(service, endpoint_url=cls.stand_in.url, region_name=REGION, **keys)

    @classmethod
    def terraform(cls, folder, *arguments):
        configuration = CONFIGURATION if CONFIGURATION.is_file() else "/dev/null"
        own = {"TF_CLI_CONFIG_FILE": str(configuration), "CHECKPOINT_DISABLE": "1"}
        return subprocess.run(
            ["terraform", *arguments],
            cwd=folder,
            env=aws_stand_in.environment(cls.stand_in.url) | own,
            capture_output=True,
            text=True,
            check=False,
        )

    @classmethod
    def prepare(cls, name, configuration, inside):
        copy = cls.folder / name
        shutil.copytree(MODULES, copy, ignore=shutil.ignore_patterns(".terraform*", "*.tfstate*"))
        folder = copy / inside
        if configuration:
            (folder / "main.tf").write_text(configuration)
        cls.succeed(cls.terraform(folder, "init", "-no-color", *(f"-plugin-dir={path}" for path in provider_folders())))
        return folder

    @staticmethod
    def succeed(run):
        if run.returncode != 0:
            raise AssertionError(f"{' '.join(run.args[:2])}: {run.stdout[-2000:]}{run.stderr[-4000:]}")
        return run

    @classmethod
    def plan(cls, name, configuration, variables, inside="."):
        """The plan, or Terraform's error."""
        folder = cls.prepare(name, configuration, inside)
        (folder / "terraform.tfvars.json").write_text(json.dumps(variables))
        run = cls.terraform(folder, "plan", "-no-color", "-input=false", "-out=plan")
        if run.returncode != 0:
            return run.stderr
        return json.loads(cls.succeed(cls.terraform(folder, "show", "-json", "plan")).stdout)

    @classmethod
    def apply(cls, name, configuration):
        """The changes of a second plan, and the outputs."""
        folder = cls.prepare(name, configuration, ".")
        cls.succeed(cls.terraform(folder, "apply", "-no-color", "-input=false", "-auto-approve"))
        cls.succeed(cls.terraform(folder, "plan", "-no-color", "-input=false", "-out=plan"))
        again = json.loads(cls.succeed(cls.terraform(folder, "show", "-json", "plan")).stdout)
        outputs = json.loads(cls.succeed(cls.terraform(folder, "output", "-json")).stdout)
        return again, {name: output["value"] for name, output in outputs.items()}

    def planned(self, result):
        plan = self.results[result]
        self.assertIsInstance(plan, dict, plan)
        resources = {}
        for change in plan["resource_changes"]:
            if change["mode"] == "managed":
                resources[change["address"]] = change["change"]["after"]
        return resources


def comparable(states):
    """States of resources without generated names, and with sets in a fixed order."""
    text = json.dumps(states)
    text = re.sub(r"role/[A-Za-z0-9_-]+", "role/any", text).replace("other-", "device-defender-")

    def sort(value):
        if isinstance(value, dict):
            return {key: sort(value[key]) for key in sorted(value)}
        if isinstance(value, list):
            return sorted((sort(each) for each in value), key=json.dumps)
        return value

    return sort(json.loads(text))
