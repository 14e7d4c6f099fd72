"""The policies allow every AWS operation that the bridge calls, and no other."""

import json
import pathlib
import re
import unittest

import botocore.session
from test_cloudformation import template

REPOSITORY = pathlib.Path(__file__).parents[2]
SOURCES = REPOSITORY / "Sources/AWSClient"
TERRAFORM = REPOSITORY / "deploy/terraform"
# Operations without required permission (Service Authorization Reference, AWS STS).
FREE = {"sts:GetCallerIdentity", "sts:AssumeRoleWithWebIdentity"}
# Operations whose action has another name (Security Hub API Reference, GetFindingsV2).
ACTIONS = {"securityhub:GetFindingsV2": "securityhub:GetFindings"}
# Allowed only if the bridge serves other accounts.
FOR_MEMBERS = {"sts:AssumeRole"}
# Of sessions by EKS Pod Identity.
FOR_TAGS = {"sts:TagSession"}
# Permissions of ECS Exec in a task.
FOR_EXEC = {f"ssmmessages:{verb}{channel}Channel" for verb in ("Create", "Open") for channel in ("Control", "Data")}
# Permissions of the collector of metrics in a task.
FOR_COLLECTOR = {"logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"}
# Permissions of other principals in the templates.
ELSEWHERE = {
    "sns:Publish",  # Device Defender and the alarms
    "kms:*",  # The account manages the key
    "kms:GenerateDataKey*",
    "kms:Decrypt",  # Device Defender and the alarms, through SNS
    "sqs:SendMessage",  # SNS and EventBridge, into dead-letter queues
    "events:InvokeApiDestination",  # EventBridge
    "secretsmanager:GetSecretValue",  # ECS, when it starts a task
    "states:StartExecution",  # EventBridge, after a rotation of the database's password
    "ecs:UpdateService",  # Step Functions, after a rotation of the database's password
    "sts:AssumeRole",  # Trust policies
    "sts:TagSession",  # EKS Pod Identity
}


def services():
    """The IAM prefix of each case of AWSService."""
    text = (SOURCES / "AWSService.swift").read_text()
    cases = re.findall(r'^    case (\w+)(?: = "(\w+)")?$', text, re.MULTILINE)
    assert cases, "AWSService.swift has no cases"
    return {name: raw or name for name, raw in cases}


def called():
    """The IAM action of each operation in the sources: string literals that are operations in botocore's service models."""
    operations = {}
    for service in services().values():
        for name in botocore.session.get_session().get_service_model(service).operation_names:
            operations.setdefault(name, set()).add(f"{service}:{name}")
    spelled = set().union(*(re.findall(r'"([A-Z][A-Za-z0-9]+)"', path.read_text()) for path in SOURCES.rglob("*.swift")))
    actions = set()
    for name in spelled & set(operations):
        (action,) = operations[name]
        actions.add(ACTIONS.get(action, action))
    return actions


def actions(policy):
    """The actions of a policy, including conditional statements."""
    found = set()
    statements = policy["Statement"]
    for statement in statements if isinstance(statements, list) else [statements]:
        statement = statement["Fn::If"][1] if "Fn::If" in statement else statement
        given = statement["Action"]
        found |= {given} if isinstance(given, str) else set(given)
    return found


def of_role(name, role):
    (policy,) = template(name)["Resources"][role]["Properties"]["Policies"]
    return actions(policy["PolicyDocument"])


def of_terraform(path, document):
    """The actions of a policy document of a Terraform module."""
    text = (TERRAFORM / path).read_text()
    block = re.search(rf'data "aws_iam_policy_document" "{document}" {{.*?\n}}', text, re.DOTALL)[0]
    return set(re.findall(r'"(\w+:\w+)"', "".join(re.findall(r"actions\s*=\s*\[.*?\]", block, re.DOTALL))))


def of_text(path):
    """The actions in code spans of a document, of the services that the bridge calls."""
    prefixes = "|".join(sorted(set(services().values())))
    return set(re.findall(rf"`((?:{prefixes}):[A-Z]\w+)`", (REPOSITORY / path).read_text()))


class PermissionTests(unittest.TestCase):
    def check(self, where, allowed, needed):
        self.assertEqual(sorted(needed - allowed), [], f"{where} does not allow what Sources/AWSClient calls")
        self.assertEqual(sorted(allowed - needed), [], f"{where} allows what Sources/AWSClient does not call")

    def test_operations_are_found_in_the_sources(self):
        self.assertLessEqual(
            {"iot:DescribeAuditTask", "securityhub:BatchImportFindings", "securityhub:GetFindings", "sts:GetCallerIdentity"}, called()
        )

    def test_the_member_role_allows_exactly_the_called_operations(self):
        needed = called() - FREE - FOR_MEMBERS
        self.check("cloudformation/member-role.yaml", of_role("member-role", "Role"), needed)
        self.check("terraform/permissions", of_terraform("permissions/main.tf", "bridge"), needed)
        self.assertIn("= module.permissions.json", (TERRAFORM / "member-role/main.tf").read_text())

    def test_the_role_of_the_bridge_allows_the_called_operations_and_assuming_member_roles(self):
        needed = called() - FREE | FOR_MEMBERS
        self.check("cloudformation/bridge.yaml", of_role("bridge", "TaskRole"), needed | FOR_EXEC | FOR_COLLECTOR)
        self.check("cloudformation/machine-role.yaml", of_role("machine-role", "Role"), needed)
        self.check("cloudformation/pod-role.yaml", of_role("pod-role", "Role"), needed | FOR_TAGS)
        self.assertIn("[module.permissions.json]", (TERRAFORM / "bridge/roles.tf").read_text())
        self.assertEqual(of_terraform("bridge/roles.tf", "task"), FOR_MEMBERS | FOR_EXEC | FOR_COLLECTOR)

    def test_the_document_lists_exactly_the_called_operations(self):
        self.check("docs/aws.md", of_text("deploy/docs/aws.md") - FREE - FOR_MEMBERS, called() - FREE - FOR_MEMBERS)

    def test_other_roles_have_exactly_the_permissions_they_need(self):
        found = set()
        for name in ("fleet", "bridge", "member-role", "machine-role", "pod-role"):
            for policy in re.findall(r'"Action": ("[^"]+"|\[[^\]]+\])', json.dumps(template(name))):
                value = json.loads(policy)
                found |= {value} if isinstance(value, str) else set(value)
        self.assertEqual(found - called() - FOR_MEMBERS - FOR_EXEC - FOR_COLLECTOR, ELSEWHERE - FOR_MEMBERS)


if __name__ == "__main__":
    unittest.main()
