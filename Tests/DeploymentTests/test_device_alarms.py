"""Device alarms: the template and the Terraform module, linted, created in moto, and compared with each other.

The queries are checked against AWS's documentation of the log entries and evaluated on documented entries. CloudWatch itself has not
run them.
"""

import concurrent.futures
import json
import pathlib
import re
import unittest

import aws_stand_in
import botocore.session
import yaml
from aws_stand_in import ACCOUNT, REGION, kept
from botocore.validate import ParamValidator
from terraform import MODULES, TerraformCase, comparable
from test_cloudformation import TEMPLATES, lint, refusals, template

DOCUMENT = pathlib.Path(__file__).parents[2] / "deploy/docs/device-alarms.md"
# AWS IoT Developer Guide, "CloudWatch Logs AWS IoT log entries": attributes of the message broker's entries.
FIELDS = {
    *("timestamp", "logLevel", "traceId", "accountId", "status", "eventType", "protocol", "clientId", "principalId"),
    *("sourceIp", "sourcePort", "reason", "details"),
}
VALUES = {
    "status": {"Success", "Failure"},
    "eventType": {"Connect", "Disconnect", "Publish-In", "Publish-Out", "Subscribe", "Connection.AuthNError"},
    "reason": {"AUTHORIZATION_FAILURE"},
}
# Log entries, with the alarms that count them and the level at which AWS IoT writes them.
ENTRIES = [
    ({"status": "Success", "eventType": "Connect"}, {"ConnectionAttempts"}, "INFO"),
    (
        {"status": "Failure", "eventType": "Connect", "reason": "AUTHORIZATION_FAILURE", "details": "Authorization Failure"},
        {"ConnectionAttempts", "AuthorizationFailures"},
        "ERROR",
    ),
    ({"status": "Failure", "eventType": "Subscribe", "reason": "AUTHORIZATION_FAILURE"}, {"AuthorizationFailures"}, "ERROR"),
    (
        {"status": "Failure", "eventType": "Connection.AuthNError", "reason": "DEVICE_CERTIFICATE_REVOKED"},
        {"AuthenticationErrors"},
        "ERROR",
    ),
    ({"status": "Success", "eventType": "Disconnect"}, {"Disconnects"}, "INFO"),
    ({"status": "Success", "eventType": "Publish-In"}, {"MessagesSent"}, "INFO"),
    (
        {"status": "Failure", "eventType": "Publish-In", "reason": "AUTHORIZATION_FAILURE"},
        {"MessagesSent", "AuthorizationFailures"},
        "ERROR",
    ),
    ({"status": "Success", "eventType": "Publish-Out"}, set(), "INFO"),
    ({"status": "Success", "eventType": "Subscribe"}, set(), "INFO"),
]
ALARMS = ["AuthorizationFailures", "AuthenticationErrors", "ConnectionAttempts", "Disconnects", "MessagesSent"]
LEVELS = ["DISABLED", "ERROR", "WARN", "INFO", "DEBUG"]
FULL = {
    "BridgeUrl": "https://bridge.example.com",
    "ApiKeySecret": "event-bridge-key",
    "AlertEmail": "team@example.com",
    "EnableTopic": "true",
}
FULL_MODULE = """
module "alarms" {
  source       = "./device-alarms"
  bridge_url   = "https://bridge.example.com"
  api_key      = "secret"
  alert_email  = "team@example.com"
  enable_topic = true
}

output "alarms" {
  value = module.alarms
}
"""
# A second stack for a part of the fleet, with other settings.
PART = {
    "ExistingLogging": "true",
    "LogGroupName": "iot/plant-1",
    "AlarmPrefix": "iot-plant-1-",
    "ClientIdPattern": "^plant-1-",
    "EvaluationMinutes": "15",
    "QueryResultsToEvaluate": "3",
    "QueryResultsToAlarm": "2",
    "EnableMessagesSent": "false",
    "DisconnectsThreshold": "2",
    "DisconnectsSeverity": "Critical",
}
PART_MODULE = """
module "alarms" {
  source                    = "./device-alarms"
  existing_logging          = true
  log_group_name            = "iot/plant-1"
  alarm_prefix              = "iot-plant-1-"
  client_id_pattern         = "^plant-1-"
  evaluation_minutes        = 15
  query_results_to_evaluate = 3
  query_results_to_alarm    = 2
  enable_messages_sent      = false
  disconnects               = { threshold = 2, severity = "Critical" }
}

output "alarms" {
  value = module.alarms
}
"""
GROUP = {"LogThingGroup": "pumps", "ExistingLogGroup": "true"}
GROUP_MODULE = """
module "alarms" {
  source             = "./device-alarms"
  existing_log_group = true
  log_thing_group    = "pumps"
}
"""
# Settings that are rejected, with a part of the reason. Terraform checks those of one variable first.
INVALID = {
    "evaluation_minutes = 7": "must be 5, 10, 15, 30 or 60",
    'disconnects = { severity = "Grim" }': "Critical, High, Medium or Low",
    'client_id_pattern = "a/b"': "without slashes",
}
INCONSISTENT = {
    'existing_logging = true\n  log_thing_group = "pumps"': "log_thing_group changes the logging configuration",
    'log_group_name = "other"': "requires existing_logging",
    "query_results_to_alarm = 2": "at most query_results_to_evaluate",
    'bridge_url = "https://bridge.example.com"': "send_events requires api_key",
}
# Actions in the policies of the template and the module, other than those of trust policies.
ACTIONS = {
    *("logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"),  # AWS IoT
    *("logs:StartQuery", "logs:StopQuery", "logs:GetQueryResults", "logs:DescribeLogGroups"),  # The scheduled queries
    "events:InvokeApiDestination",  # EventBridge
    "sqs:SendMessage",  # EventBridge, into the dead-letter queue
    *("sns:Publish", "kms:GenerateDataKey*", "kms:Decrypt"),  # The alarms
    "kms:*",  # The account manages the key
}


def name_of(alarm):
    """The name of an alarm without prefix and severity."""
    return re.fullmatch(r"iot-(?:plant-1-)?(\w+)-(?:Critical|High|Medium|Low)", alarm["AlarmName"])[1]


def counted(query, entry):
    """Whether a query selects a log entry. Understands the conditions that the queries have."""
    conditions = query.removeprefix("filter ").split(" and ")
    for condition in conditions:
        if match := re.fullmatch(r'(\w+) = "([^"]*)"', condition):
            matches = entry.get(match[1]) == match[2]
        elif match := re.fullmatch(r"ispresent\((\w+)\)", condition):
            matches = match[1] in entry
        elif match := re.fullmatch(r"(\w+) like /([^/]+)/", condition):
            matches = re.search(match[2], entry.get(match[1], "")) is not None
        else:
            raise AssertionError(f"{condition} is not understood")
        if not matches:
            return False
    return True


def statements(document):
    """The statements of a policy, which moto returns parsed or as text: of JSON, or of a Python dictionary."""
    parsed = yaml.safe_load(document) if isinstance(document, str) else document
    return parsed["Statement"] if isinstance(parsed["Statement"], list) else [parsed["Statement"]]


class LintTests(unittest.TestCase):
    def test_cfn_lint_reports_nothing(self):
        self.assertEqual(lint("us-east-1", "us-west-2", "eu-central-1", "ap-southeast-2", names=["device-alarms"]), [])

    def test_the_document_names_where_log_alarms_do_not_exist(self):
        lacking = {"us-gov-west-1", "us-gov-east-1", "cn-north-1", "cn-northwest-1", "me-central-1"}
        for region in lacking:
            problems = lint(region, names=["device-alarms"])
            self.assertEqual({problem["Rule"]["Id"] for problem in problems}, {"E3006"})
            self.assertIn("AWS::CloudWatch::LogAlarm", str(problems))
        text = DOCUMENT.read_text()
        for words in ("AWS GovCloud (US)", "the China Regions", "`me-central-1`"):
            self.assertIn(words, text)


class RuleTests(unittest.TestCase):
    def test_the_defaults_are_accepted(self):
        self.assertEqual(refusals("device-alarms"), [])
        for parameters in (FULL, PART, GROUP):
            self.assertEqual(refusals("device-alarms", **parameters), [])

    def test_a_key_needs_a_bridge(self):
        self.assertEqual(len(refusals("device-alarms", ApiKeySecret="key")), 1)

    def test_another_log_group_needs_an_existing_configuration(self):
        (refusal,) = refusals("device-alarms", LogGroupName="other")
        self.assertIn("requires ExistingLogging", refusal)

    def test_an_existing_configuration_is_not_changed(self):
        (refusal,) = refusals("device-alarms", ExistingLogging="true", LogThingGroup="pumps")
        self.assertIn("LogThingGroup changes the logging configuration", refusal)

    def test_parameters_are_described_and_labeled(self):
        document = template("device-alarms")
        interface = document["Metadata"]["AWS::CloudFormation::Interface"]
        grouped = [name for group in interface["ParameterGroups"] for name in group["Parameters"]]
        self.assertEqual(sorted(grouped), sorted(document["Parameters"]))
        self.assertEqual(set(interface["ParameterLabels"]), set(document["Parameters"]))
        self.assertTrue(all(parameter["Description"] for parameter in document["Parameters"].values()))


class DeviceAlarmTests(TerraformCase):
    """The stacks and modules are created once; the tests read their resources."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.client("secretsmanager").create_secret(Name="event-bridge-key", SecretString="secret")
        jobs = {
            "full": lambda: cls.apply("full", FULL_MODULE),
            "part": lambda: cls.apply("part", PART_MODULE),
            "group": lambda: cls.plan("group", GROUP_MODULE, {}),
            "invalid": lambda: cls.plan("invalid", modules(INVALID), {}),
            "inconsistent": lambda: cls.plan("inconsistent", modules(INCONSISTENT), {}),
        }
        with concurrent.futures.ThreadPoolExecutor() as pool:
            cls.results = dict(zip(jobs, pool.map(lambda job: job(), jobs.values())))
        # The module created the log group that the last stack creates.
        stacks = {"full": FULL | {"ExistingLogGroup": "true"}, "part": PART, "group": GROUP, "quiet": {"AlarmPrefix": "quiet-"}}
        for stack, parameters in stacks.items():
            if stack == "quiet":
                cls.client("logs").delete_log_group(logGroupName="AWSIotLogsV2")
            cls.client("cloudformation").create_stack(
                StackName=stack,
                TemplateBody=TEMPLATES["device-alarms"].read_text(),
                Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()],
                Capabilities=["CAPABILITY_IAM"],
            )

    def resources(self, stack):
        resources = self.client("cloudformation").describe_stack_resources(StackName=stack)["StackResources"]
        return {each["LogicalResourceId"]: each["PhysicalResourceId"] for each in resources if "LogicalResourceId" in each}

    def outputs(self, stack):
        (described,) = self.client("cloudformation").describe_stacks(StackName=stack)["Stacks"]
        self.assertEqual(described["StackStatus"], "CREATE_COMPLETE")
        return {output["OutputKey"]: output["OutputValue"] for output in described["Outputs"]}

    def of_stack(self, stack, type_name="AWS::CloudWatch::LogAlarm"):
        """The properties of a stack's resources of a type, by logical id."""
        return {name: each.properties for (of, name), each in kept.items() if of == stack and each.type_name == type_name}

    def of_module(self, prefix):
        """The log alarms that a module created, by name."""
        alarms = self.stand_in.cloud_control.resources.items()
        return {
            name: state
            for (type_name, name), state in alarms
            if type_name == "AWS::CloudWatch::LogAlarm" and re.fullmatch(prefix + r"[A-Z]\w+-\w+", name)
        }

    # MARK: Queries

    def test_the_stack_and_the_module_create_the_same_alarms(self):
        for stack, prefix in (("full", "iot-"), ("part", "iot-plant-1-")):
            by_module = self.of_module(prefix)
            by_stack = {alarm["AlarmName"]: alarm for alarm in self.of_stack(stack).values()}
            self.assertEqual(len(by_stack), 5 if stack == "full" else 4)
            self.assertEqual(comparable(by_module), comparable(by_stack))
            # In the order of the words too, which comparable() does not change within strings.
            for name, alarm in by_stack.items():
                for key in ("QueryString", "AggregationExpression"):
                    self.assertEqual(
                        by_module[name]["ScheduledQueryConfiguration"][key], alarm["ScheduledQueryConfiguration"][key], name
                    )

    def test_queries_use_documented_fields_and_values(self):
        for stack in ("full", "part"):
            for alarm in self.of_stack(stack).values():
                configuration = alarm["ScheduledQueryConfiguration"]
                query, aggregation = configuration["QueryString"], configuration["AggregationExpression"]
                words = set(re.findall(r"[A-Za-z]\w*", re.sub(r'"[^"]*"|/[^/]*/', "", f"{query} {aggregation}")))
                fields = words - {"filter", "and", "ispresent", "like", "count", "by", "sort", "desc"}
                self.assertEqual(fields - FIELDS, set(), query)
                self.assertIn("clientId", fields)
                pairs = re.findall(r'(\w+) = "([^"]*)"', query)
                self.assertTrue(pairs)
                for field, value in pairs:
                    self.assertIn(value, VALUES[field])
                self.assertEqual(aggregation, "count(*) by clientId | sort desc")

    def test_each_alarm_counts_its_entries(self):
        alarms = self.of_stack("full").values()
        self.assertEqual(sorted(map(name_of, alarms)), sorted(ALARMS))
        for entry, expected, _ in ENTRIES:
            entry = entry | {"clientId": "pump-17"}
            counting = {name_of(alarm) for alarm in alarms if counted(alarm["ScheduledQueryConfiguration"]["QueryString"], entry)}
            self.assertEqual(counting, expected, entry)
            del entry["clientId"]
            self.assertFalse(any(counted(alarm["ScheduledQueryConfiguration"]["QueryString"], entry) for alarm in alarms))

    def test_a_pattern_selects_clients(self):
        for alarm in self.of_stack("part").values():
            query = alarm["ScheduledQueryConfiguration"]["QueryString"]
            self.assertTrue(query.endswith(" and ispresent(clientId) and clientId like /^plant-1-/"), query)
        entry = {"eventType": "Disconnect", "status": "Success"}
        (alarm,) = [alarm for alarm in self.of_stack("part").values() if name_of(alarm) == "Disconnects"]
        query = alarm["ScheduledQueryConfiguration"]["QueryString"]
        self.assertTrue(counted(query, entry | {"clientId": "plant-1-pump"}))
        self.assertFalse(counted(query, entry | {"clientId": "plant-2-pump"}))

    def test_each_entry_is_in_exactly_one_period(self):
        schedules = template("device-alarms")["Mappings"]["Schedule"]
        self.assertEqual(list(schedules), template("device-alarms")["Parameters"]["EvaluationMinutes"]["AllowedValues"])
        for minutes, schedule in schedules.items():
            self.assertEqual(schedule["Expression"], f"rate({minutes} minutes)")
        for stack, minutes in (("full", 5), ("part", 15)):
            for alarm in self.of_stack(stack).values():
                schedule = alarm["ScheduledQueryConfiguration"]["ScheduleConfiguration"]
                self.assertEqual(schedule["ScheduleExpression"], f"rate({minutes} minutes)")
                self.assertEqual(schedule["StartTimeOffset"] - schedule["EndTimeOffset"], 60 * minutes)
        for minutes, schedule in schedules.items():
            self.assertEqual(schedule["Start"] - 120, 60 * int(minutes))

    # MARK: Alarms

    def test_the_api_accepts_the_alarms(self):
        shape = botocore.session.get_session().get_service_model("cloudwatch").operation_model("PutLogAlarm").input_shape
        for stack in ("full", "part"):
            for alarm in self.of_stack(stack).values():
                self.assertEqual(ParamValidator().validate(alarm, shape).generate_report(), "")

    def test_names_end_with_the_severity(self):
        self.assertEqual(
            {alarm["AlarmName"] for alarm in self.of_stack("full").values()},
            {
                *("iot-AuthorizationFailures-High", "iot-AuthenticationErrors-High", "iot-ConnectionAttempts-Low"),
                *("iot-Disconnects-Low", "iot-MessagesSent-Medium"),
            },
        )
        (alarm,) = [alarm for alarm in self.of_stack("part").values() if name_of(alarm) == "Disconnects"]
        self.assertEqual(alarm["AlarmName"], "iot-plant-1-Disconnects-Critical")
        self.assertEqual((alarm["Threshold"], alarm["ComparisonOperator"]), (2, "GreaterThanThreshold"))
        self.assertEqual((alarm["QueryResultsToAlarm"], alarm["QueryResultsToEvaluate"]), (2, 3))
        self.assertEqual(alarm["AlarmDescription"], "A device disconnected more often than expected within 15 minutes.")
        self.assertEqual(alarm["ScheduledQueryConfiguration"]["LogGroupIdentifiers"], ["iot/plant-1"])

    def test_defaults_of_thresholds_and_severities_are_the_same(self):
        parameters = template("device-alarms")["Parameters"]
        text = (MODULES / "device-alarms/variables.tf").read_text()
        for name in ALARMS:
            snake = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()
            block = re.search(rf'variable "{snake}" {{.*?\n}}', text, re.DOTALL)[0]
            self.assertIn(f"optional(number, {parameters[f'{name}Threshold']['Default']})", block)
            self.assertIn(f'optional(string, "{parameters[f"{name}Severity"]["Default"]}")', block)

    def test_the_topic_is_notified_of_devices_and_the_alert_topic_of_failed_queries(self):
        for alarm in self.of_stack("full").values():
            topic, alerts = (f"arn:aws:sns:{REGION}:{ACCOUNT}:iot-device-alarm{suffix}" for suffix in ("s", "-alerts"))
            self.assertEqual((alarm["AlarmActions"], alarm["OKActions"]), ([topic], [topic]))
            self.assertEqual(alarm["InsufficientDataActions"], [alerts])
        for alarm in self.of_stack("part").values():
            self.assertEqual({key for key in alarm if key.endswith("Actions")}, set())

    def test_only_alarms_of_the_account_publish(self):
        statement = kept["full", "TopicPolicy"].properties["PolicyDocument"]["Statement"][0]
        self.assertEqual(statement["Principal"], {"Service": "cloudwatch.amazonaws.com"})
        condition = {
            "StringEquals": {"aws:SourceAccount": ACCOUNT},
            "ArnLike": {"aws:SourceArn": f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:iot-*"},
        }
        self.assertEqual(statement["Condition"], condition)
        topic = self.results["full"][1]["alarms"]["topic_arn"]
        attributes = self.client("sns").get_topic_attributes(TopicArn=topic)["Attributes"]
        self.assertEqual(json.loads(attributes["Policy"])["Statement"][0]["Condition"], condition)

    # MARK: Logging

    def test_what_the_alarms_count_is_logged(self):
        (by_stack,) = self.of_stack("full", "AWS::IoT::Logging").values()
        by_module = self.stand_in.cloud_control.resources["AWS::IoT::Logging", ACCOUNT]
        self.assertEqual(comparable(by_module), comparable(by_stack))
        levels = {event["EventType"]: event["LogLevel"] for event in by_stack["EventConfigurations"]}
        # Disabled unless an event configuration enables it.
        self.assertIn("Connection.AuthNError", levels)
        for entry, alarms, level in ENTRIES:
            configured = levels.get(entry["eventType"], by_stack["DefaultLogLevel"])
            if alarms:
                self.assertGreaterEqual(LEVELS.index(configured), LEVELS.index(level), entry)
            else:
                self.assertLess(LEVELS.index(configured), LEVELS.index(level), f"{entry} costs and no alarm counts it")

    def test_messages_are_logged_only_if_an_alarm_counts_them(self):
        level = template("device-alarms")["Resources"]["Logging"]["Properties"]["EventConfigurations"][3]["LogLevel"]
        self.assertEqual(level, {"Fn::If": ["LogsMessages", "INFO", "ERROR"]})
        self.assertIn("MessagesSentAlarm", self.resources("full"))
        self.assertNotIn("MessagesSentAlarm", self.resources("part"))

    def test_a_thing_group_is_logged_instead_of_all_devices(self):
        (logging,) = self.of_stack("group", "AWS::IoT::Logging").values()
        (group,) = self.of_stack("group", "AWS::IoT::ResourceSpecificLogging").values()
        self.assertEqual({event["LogLevel"] for event in logging["EventConfigurations"]}, {"ERROR"})
        self.assertEqual(group, {"TargetType": "THING_GROUP", "TargetName": "pumps", "LogLevel": "INFO"})
        planned = self.planned("group")
        state = planned["module.alarms.aws_cloudcontrolapi_resource.thing_group_logging[0]"]["desired_state"]
        self.assertEqual(json.loads(state), group)
        self.assertIsNone(aws_stand_in.schema_error("AWS::IoT::ResourceSpecificLogging", group))

    def test_an_existing_configuration_and_log_group_are_kept(self):
        created = {"Logging", "LoggingRole", "LogGroup", "ThingGroupLogging"}
        self.assertEqual(created & set(self.resources("part")), set())
        self.assertEqual(created & set(self.resources("full")), {"Logging", "LoggingRole"})
        self.assertEqual(created & set(self.resources("quiet")), {"Logging", "LoggingRole", "LogGroup"})
        again, _ = self.results["part"]
        addresses = [change["address"] for change in again["resource_changes"] if change["mode"] == "managed"]
        self.assertEqual([address for address in addresses if re.search(r"logging|log_group", address)], [])
        self.assertNotIn("module.alarms.aws_cloudwatch_log_group.iot[0]", self.planned("group"))

    def test_the_log_group_is_created_before_the_alarms_and_kept(self):
        (group,) = self.client("logs").describe_log_groups(logGroupNamePrefix="AWSIotLogsV2")["logGroups"]
        self.assertEqual(group["retentionInDays"], 30)
        self.assertEqual(template("device-alarms")["Resources"]["LogGroup"]["DeletionPolicy"], "Retain")
        self.assertIn("skip_destroy      = true", (MODULES / "device-alarms/logging.tf").read_text())

    # MARK: Events

    def test_events_reach_the_bridge_or_the_queue(self):
        events, sqs = self.client("events"), self.client("sqs")
        outputs = self.results["full"][1]["alarms"]
        rules = {
            self.resources("full")["EventRule"]: self.outputs("full")["EventQueueUrl"],
            "iot-device-alarms": outputs["event_queue_url"],
        }
        for name, queue in rules.items():
            rule = events.describe_rule(Name=name)
            self.assertEqual(
                json.loads(rule["EventPattern"]),
                {
                    "source": ["aws.cloudwatch"],
                    "detail-type": ["CloudWatch Alarm Contributor State Change", "CloudWatch Alarm Configuration Change"],
                    "detail": {"alarmName": [{"prefix": f"iot-{alarm}-"} for alarm in ALARMS]},
                },
            )
            (target,) = events.list_targets_by_rule(Rule=name)["Targets"]
            attributes = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["All"])["Attributes"]
            self.assertEqual(target["DeadLetterConfig"], {"Arn": attributes["QueueArn"]})
            self.assertEqual(attributes["MessageRetentionPeriod"], "1209600")
            self.assertEqual(target["RetryPolicy"], {"MaximumEventAgeInSeconds": 86400, "MaximumRetryAttempts": 185})
        self.assertEqual(kept["full", "EventDestination"].properties["InvocationEndpoint"], "https://bridge.example.com/eventbridge")
        destination = events.describe_api_destination(Name="iot-device-alarms")
        self.assertEqual(destination["InvocationEndpoint"], "https://bridge.example.com/eventbridge")
        self.assertEqual(
            kept["full", "EventConnection"].properties["AuthParameters"]["ApiKeyAuthParameters"],
            {"ApiKeyName": "x-api-key", "ApiKeyValue": "{{resolve:secretsmanager:event-bridge-key}}"},
        )

    def test_an_alarm_that_is_no_device_alarm_watches_the_queue(self):
        (alarm,) = self.client("cloudwatch").describe_alarms()["MetricAlarms"]
        self.assertFalse(alarm["AlarmName"].startswith("iot-"))
        queues = {self.results["full"][1]["alarms"]["event_queue_url"]: alarm["Dimensions"][0]["Value"]}
        queues[self.outputs("full")["EventQueueUrl"]] = kept["full", "EventAlarm"].properties["Dimensions"][0]["Value"]
        self.assertEqual({url.rsplit("/", 1)[1] for url in queues}, set(queues.values()))

    def test_alarms_are_deleted_before_the_rule(self):
        for name, resource in template("device-alarms")["Resources"].items():
            if resource["Type"] == "AWS::CloudWatch::LogAlarm":
                self.assertEqual(resource["DependsOn"], ["EventRule"], name)
        main = (MODULES / "device-alarms/main.tf").read_text()
        self.assertIn("depends_on = [aws_iam_role_policy.query, aws_cloudwatch_event_target.bridge]", main)

    def test_by_default_nothing_is_sent(self):
        self.assertEqual(
            set(self.resources("quiet")),
            {"LogGroup", "LoggingRole", "Logging", "QueryRole", *(f"{name}Alarm" for name in ALARMS)},
        )
        again, outputs = self.results["part"]
        kinds = {change["type"] for change in again["resource_changes"] if change["mode"] == "managed"}
        self.assertEqual(kinds, {"aws_iam_role", "aws_iam_role_policy", "aws_cloudcontrolapi_resource"})
        self.assertEqual(
            outputs["alarms"],
            {"alarm_prefix": "iot-plant-1-", "log_group_name": "iot/plant-1", "topic_arn": None, "event_queue_url": None},
        )

    # MARK: Permissions

    def test_roles_have_exactly_the_permissions_they_need(self):
        found = set()
        for resource in template("device-alarms")["Resources"].values():
            properties = resource["Properties"]
            documents = [policy["PolicyDocument"] for policy in properties.get("Policies", [])]
            documents += [properties[key] for key in ("PolicyDocument", "KeyPolicy") if key in properties]
            for statement in (each for document in documents for each in document["Statement"]):
                found |= {statement["Action"]} if isinstance(statement["Action"], str) else set(statement["Action"])
        self.assertEqual(found, ACTIONS)
        text = "".join(path.read_text() for path in (MODULES / "device-alarms").glob("*.tf"))
        written = set(re.findall(r'"((?:logs|events|sqs|sns|kms|iam|sts|cloudwatch|iot):[\w*]+)"', text))
        self.assertEqual(written, ACTIONS | {"sts:AssumeRole"})

    def test_queries_read_one_log_group_only(self):
        iam = self.client("iam")
        roles = [self.resources(stack)["QueryRole"] for stack in ("full", "part")]
        roles += [role["RoleName"] for role in iam.list_roles()["Roles"] if role["RoleName"].startswith("device-alarms-query-")]
        found = []
        for role in roles:
            (trust,) = statements(iam.get_role(RoleName=role)["Role"]["AssumeRolePolicyDocument"])
            self.assertEqual(trust["Principal"], {"Service": "logs.amazonaws.com"})
            self.assertEqual(trust["Condition"], {"StringEquals": {"aws:SourceAccount": ACCOUNT}})
            (statement,) = statements(iam.get_role_policy(RoleName=role, PolicyName="query")["PolicyDocument"])
            found.append(sorted(statement["Resource"]))
        groups = [f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{name}" for name in ("AWSIotLogsV2", "iot/plant-1")]
        self.assertEqual(sorted(found), [[group, f"{group}:*"] for group in groups for _ in range(2)])

    # MARK: Terraform

    def test_a_second_plan_changes_nothing(self):
        for name in ("full", "part"):
            again, _ = self.results[name]
            changed = {
                change["address"] for change in again["resource_changes"] if change["change"]["actions"] not in (["no-op"], ["read"])
            }
            # moto does not return the signature version of topics.
            self.assertEqual(changed, {"module.alarms.aws_sns_topic.alarms[0]"} if name == "full" else set())

    def test_invalid_settings_are_rejected_with_the_reason(self):
        for name, rejected in (("invalid", INVALID), ("inconsistent", INCONSISTENT)):
            errors = " ".join(re.sub("[│╷╵]", " ", self.results[name]).split())
            for settings, reason in rejected.items():
                self.assertIn(reason, errors, settings)


def modules(settings):
    """A configuration that uses the module with each of the settings."""
    uses = enumerate(settings)
    return "".join(f'module "alarms_{number}" {{\n  source = "./device-alarms"\n  {each}\n}}\n' for number, each in uses)


if __name__ == "__main__":
    unittest.main()
