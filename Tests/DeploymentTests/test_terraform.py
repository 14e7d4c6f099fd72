"""The Terraform modules: validated, planned, applied to moto, and compared with the CloudFormation templates.

Not applied, since moto's ECS never starts a task and its load balancers and databases would cost a minute and a half: the module
bridge. It is planned.
"""

import concurrent.futures
import json
import re
import subprocess
import textwrap
import unittest

import aws_stand_in
from aws_stand_in import ACCOUNT, REGION
from terraform import MODULES, TerraformCase, comparable
from test_cloudformation import FARGATE, FLEET_PARAMETERS, TEMPLATES, patience, template

FLEET = """
module "fleet" {
  source                     = "./fleet"
  bridge_url                 = "https://bridge.example.com"
  api_key                    = "secret"
  alert_email                = "team@example.com"
  enable_audit               = true
  detect_used_before         = true
  enable_rules_detect        = true
  enable_ml_detect           = true
  detect_ml_confidence_level = "MEDIUM"
  device_side_metrics        = true
}

module "role" {
  source          = "./member-role"
  bridge_role_arn = "arn:aws:iam::111122223333:role/defender-bridge"
  external_id     = "a-long-external-id"
}

output "fleet" {
  value = module.fleet
}
"""
SECOND = """
module "fleet" {
  source                       = "./fleet"
  topic_prefix                 = "second"
  name_prefix                  = "DefenderBridge-"
  enable_audit                 = true
  existing_audit_configuration = true
  detect_used_before           = true
  enable_rules_detect          = true
  enable_ml_detect             = true
  device_side_metrics          = true
}
"""
NEW_ACCOUNT = """
module "fleet" {
  source              = "./fleet"
  enable_rules_detect = true
}
"""
BRIDGE = {
    "image": "registry.example.com/defender-bridge:1",
    "domain_name": "bridge.example.com",
    "hosted_zone_id": "Z0123456789",
    "alert_email": "team@example.com",
    "certificate_arn": f"arn:aws:acm:{REGION}:{ACCOUNT}:certificate/1",
}


class TerraformTests(TerraformCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        ec2 = cls.client("ec2")
        network = {
            "vpc_id": ec2.describe_vpcs()["Vpcs"][0]["VpcId"],
            "subnet_ids": [subnet["SubnetId"] for subnet in ec2.describe_subnets()["Subnets"][:2]],
        }
        subnets = network["subnet_ids"]
        organization = BRIDGE | {"vpc_id": network["vpc_id"], "public_subnet_ids": subnets, "private_subnet_ids": subnets}
        organization |= {"region": REGION, "fleet_account": "444455556666", "external_id": "a-long-external-id"}
        jobs = {
            "fleet": lambda: cls.apply("fleet", FLEET),
            "new": lambda: cls.plan("new", NEW_ACCOUNT, {}),
            "second": lambda: cls.plan("second", SECOND, {}),
            "single": lambda: cls.plan("single", None, BRIDGE | network, "examples/single-account"),
            "organization": lambda: cls.plan("organization", None, organization, "examples/organization"),
        }
        with concurrent.futures.ThreadPoolExecutor() as pool:
            cls.results = dict(zip(jobs, pool.map(lambda job: job(), jobs.values())))

    def test_files_are_formatted(self):
        run = self.terraform(MODULES, "fmt", "-check", "-recursive", "-no-color")
        self.assertEqual(run.stdout + run.stderr, "")

    def test_no_partition_is_hard_coded(self):
        for path in MODULES.rglob("*.tf"):
            text = re.sub(r'description += ".*"', "", path.read_text())
            self.assertEqual(re.findall(r"arn:aws\S*", text), [], path)

    def test_detect_in_a_new_account_is_rejected_with_the_reason(self):
        self.assertIn("closed to new", " ".join(self.results["new"].split()))

    def test_device_defender_has_the_settings_of_cloudformation(self):
        client = self.client("cloudformation")
        client.create_stack(
            StackName="fleet",
            TemplateBody=TEMPLATES["fleet"].read_text(),
            Parameters=[
                {"ParameterKey": key, "ParameterValue": value}
                for key, value in (FLEET_PARAMETERS | {"TopicPrefix": "other"}).items()
            ],
            Capabilities=["CAPABILITY_IAM"],
        )
        by_terraform = {type_name + name: state for (type_name, name), state in self.stand_in.cloud_control.resources.items()}
        by_cloudformation = {}
        for resource in aws_stand_in.kept.values():
            if resource.type_name.startswith("AWS::IoT::"):
                key = aws_stand_in.schema(resource.type_name)["primaryIdentifier"][0].split("/")[-1]
                by_cloudformation[resource.type_name + resource.properties[key]] = resource.properties
        self.assertEqual(len(by_terraform), 6)
        self.assertEqual(comparable(by_terraform), comparable(by_cloudformation))

    def test_a_second_fleet_keeps_the_audit_configuration_and_the_names_of_the_first(self):
        resources = self.planned("second")
        made = [address for address in resources if address.startswith("module.fleet.aws_cloudcontrolapi_resource.")]
        self.assertEqual(len(made), 5)
        self.assertNotIn("module.fleet.aws_cloudcontrolapi_resource.audit_configuration[0]", made)
        # The names of the others are unknown in the plan, because they contain the topics' ARNs.
        audit = json.loads(resources["module.fleet.aws_cloudcontrolapi_resource.daily_audit[0]"]["desired_state"])
        self.assertEqual(audit["ScheduledAuditName"], "DefenderBridge-DailyAudit")

    def test_topics_and_subscriptions_exist(self):
        outputs = self.results["fleet"][1]["fleet"]
        sns = self.client("sns")
        self.assertEqual([arn.rsplit(":", 1)[1] for arn in outputs["topic_arns"]], ["device-defender-audit", "device-defender-detect"])
        queue = self.client("sqs").get_queue_attributes(QueueUrl=outputs["notification_queue_url"], AttributeNames=["All"])
        for arn in outputs["topic_arns"]:
            attributes = sns.get_topic_attributes(TopicArn=arn)["Attributes"]
            self.assertRegex(attributes["KmsMasterKeyId"], "^arn:aws:kms:")
            policy = json.loads(attributes["Policy"])["Statement"]
            self.assertEqual(
                policy[1]["Condition"], {"ArnNotEquals": {"aws:PrincipalArn": outputs["publishing_role_arn"]}}
            )
            (subscription,) = sns.list_subscriptions_by_topic(TopicArn=arn)["Subscriptions"]
            self.assertEqual(subscription["Endpoint"], "https://bridge.example.com/sns")
            settings = sns.get_subscription_attributes(SubscriptionArn=subscription["SubscriptionArn"])["Attributes"]
            self.assertEqual(patience(json.loads(settings["DeliveryPolicy"])), 3600)
            self.assertEqual(
                json.loads(settings["RedrivePolicy"]), {"deadLetterTargetArn": queue["Attributes"]["QueueArn"]}
            )

    def test_events_reach_the_bridge_or_the_queue(self):
        outputs = self.results["fleet"][1]["fleet"]
        events = self.client("events")
        (target,) = events.list_targets_by_rule(Rule="device-defender-bridge")["Targets"]
        destination = events.describe_api_destination(Name="device-defender-bridge")
        self.assertEqual(target["Arn"], destination["ApiDestinationArn"])
        self.assertEqual(destination["InvocationEndpoint"], "https://bridge.example.com/eventbridge")
        self.assertEqual(target["RetryPolicy"], {"MaximumEventAgeInSeconds": 86400, "MaximumRetryAttempts": 185})
        queue = self.client("sqs").get_queue_attributes(QueueUrl=outputs["event_queue_url"], AttributeNames=["All"])
        self.assertEqual(target["DeadLetterConfig"], {"Arn": queue["Attributes"]["QueueArn"]})
        connection = events.describe_connection(Name="device-defender-bridge")
        self.assertEqual(connection["AuthParameters"]["ApiKeyAuthParameters"]["ApiKeyName"], "x-api-key")

    def test_alarms_watch_both_queues(self):
        outputs = self.results["fleet"][1]["fleet"]
        alarms = self.client("cloudwatch").describe_alarms()["MetricAlarms"]
        self.assertEqual(
            {alarm["Dimensions"][0]["Value"] for alarm in alarms},
            {outputs[queue].rsplit("/", 1)[1] for queue in ("notification_queue_url", "event_queue_url")},
        )
        self.assertTrue(all(alarm["AlarmActions"] for alarm in alarms))

    def test_only_the_bridge_assumes_the_member_role(self):
        role = self.client("iam").get_role(RoleName="defender-bridge-member")["Role"]
        statement, tagging = role["AssumeRolePolicyDocument"]["Statement"]
        self.assertEqual((statement["Action"], tagging["Action"]), ("sts:AssumeRole", "sts:TagSession"))
        self.assertEqual(tagging["Condition"], {"ArnEquals": statement["Condition"]["ArnEquals"]})
        self.assertEqual(statement["Condition"]["StringEquals"], {"sts:ExternalId": "a-long-external-id"})
        self.assertEqual(
            statement["Condition"]["ArnEquals"],
            {"aws:PrincipalArn": "arn:aws:iam::111122223333:role/defender-bridge"},
        )

    def test_a_second_plan_changes_nothing(self):
        again, _ = self.results["fleet"]
        changed = {
            change["address"] for change in again["resource_changes"] if change["change"]["actions"] not in (["no-op"], ["read"])
        }
        # moto does not return the signature version of topics; dependent resources change too.
        topics = {f"module.fleet.aws_sns_topic{kind}.{name}" for kind in ("", "_policy") for name in ("audit", "detect")}
        self.assertEqual(changed, topics)

    def test_the_single_account_has_bridge_and_fleet(self):
        resources = self.planned("single")
        self.assertEqual(resources["module.bridge.aws_ecs_service.bridge"]["desired_count"], 2)
        self.assertTrue(resources["module.bridge.aws_ecs_service.bridge"]["enable_execute_command"])
        self.assertEqual(resources["module.bridge.aws_lb_listener.bridge"]["port"], 443)
        self.assertEqual(
            resources["module.bridge.aws_lb_listener_rule.deliveries"]["condition"][0]["path_pattern"][0]["values"],
            ["/eventbridge", "/sns", "/webhooks/*"],
        )
        self.assertEqual(resources["module.bridge.aws_lb_target_group.bridge"]["health_check"][0]["path"], "/readyz")
        self.assertEqual(resources["module.bridge.aws_rds_cluster.bridge"]["engine"], "aurora-postgresql")
        self.assertEqual(
            resources['module.fleet.aws_sns_topic_subscription.bridge["audit"]']["endpoint"],
            "https://bridge.example.com/sns",
        )
        self.assertNotIn("security_profile", "".join(resources))

    def test_the_database_has_a_reader_and_is_protected(self):
        resources = self.planned("single")
        database = resources["module.bridge.aws_rds_cluster.bridge"]
        self.assertTrue(database["deletion_protection"])
        self.assertTrue(database["manage_master_user_password"])
        names = ("aws_rds_cluster_instance.bridge", "aws_rds_cluster_instance.reader[0]")
        self.assertEqual([resources[f"module.bridge.{name}"]["promotion_tier"] for name in names], [0, 1])

    def test_the_bridge_has_the_alarms_of_cloudformation(self):
        def comparable_alarm(properties):
            names = [dimension["Name"] for dimension in properties["Dimensions"]]
            keys = ("Namespace", "MetricName", "Statistic", "Period", "EvaluationPeriods", "ComparisonOperator", "TreatMissingData")
            text = properties["AlarmDescription"].replace("DatabaseMaxCapacity", "database_capacity")
            return [text, float(properties["Threshold"]), sorted(names), *(properties[key] for key in keys)]

        by_cloudformation = [
            comparable_alarm(resource["Properties"])
            for resource in template("bridge")["Resources"].values()
            if resource["Type"] == "AWS::CloudWatch::Alarm"
        ]
        capital = lambda key: "".join(word.capitalize() for word in key.split("_"))
        by_terraform = []
        for address, alarm in self.planned("single").items():
            if address.startswith("module.bridge.aws_cloudwatch_metric_alarm."):
                properties = {capital(key): value for key, value in alarm.items()}
                # Dimensions with names that AWS generates are unknown in the plan.
                unknown = {"AWS/ApplicationELB": ("LoadBalancer", "TargetGroup"), "AWS/RDS": ("DBClusterIdentifier",)}
                names = alarm.get("dimensions") or unknown[alarm["namespace"]]
                by_terraform.append(comparable_alarm(properties | {"Dimensions": [{"Name": name} for name in names]}))
        self.assertEqual(sorted(by_terraform), sorted(by_cloudformation))
        self.assertEqual(len(by_terraform), 9)

    def test_the_collector_has_the_settings_of_cloudformation(self):
        text = (MODULES / "bridge/monitoring.tf").read_text()
        by_terraform = textwrap.dedent(re.search(r"<<-YAML\n(.*?)\n +YAML\n", text, re.DOTALL)[1])
        container = template("bridge")["Resources"]["TaskDefinition"]["Properties"]["ContainerDefinitions"][1]["Fn::If"][1]
        by_cloudformation = container["Environment"][0]["Value"]["Fn::Sub"]
        for name, other in (
            ("${AWS::StackName}", "${var.name}"),
            ("${AWS::Region}", "${local.region}"),
            ("${MetricsLogs}", "${aws_cloudwatch_log_group.metrics[0].name}"),
        ):
            by_cloudformation = by_cloudformation.replace(name, other)
        self.assertEqual(by_terraform.strip(), by_cloudformation.strip())

    def test_tasks_are_replaced_after_a_rotation_of_the_password(self):
        resources = self.planned("single")
        for name in (
            "aws_cloudwatch_event_rule.rotation", "aws_cloudwatch_event_target.rotation", "aws_sfn_state_machine.replace_tasks",
            'aws_iam_role_policy.rotation["events"]', 'aws_iam_role_policy.rotation["states"]',
        ):
            self.assertIn(f"module.bridge.{name}", resources)

    def test_only_cpu_and_memory_pairs_of_fargate_are_accepted(self):
        text = (MODULES / "bridge/variables.tf").read_text()
        (condition,) = re.findall(r"condition = (contains\({.*?}\[tostring.*?var.task_memory\))", text, re.DOTALL)
        condition = condition.replace("var.task_cpu", "pair[0]").replace("var.task_memory", "pair[1]")
        folder = self.folder / "pairs"
        folder.mkdir()
        sizes = "setproduct([256, 512, 1024, 2048, 4096], range(512, 31745, 512))"
        (folder / "main.tf").write_text(f"locals {{\n  pairs = [for pair in {sizes} : pair if {condition}]\n}}\n")
        run = subprocess.run(
            ["terraform", "console"], cwd=folder, input="jsonencode(local.pairs)", capture_output=True, text=True, check=True
        )
        accepted = {tuple(pair) for pair in json.loads(json.loads(run.stdout))}
        self.assertEqual(accepted, {(cpu, memory) for cpu, memories in FARGATE.items() for memory in memories})

    def test_the_organization_has_a_member_role(self):
        resources = self.planned("organization")
        self.assertEqual(resources["module.fleet_role.aws_iam_role.bridge"]["name"], "defender-bridge-member")
        self.assertIn("module.bridge.aws_ecs_service.bridge", resources)


if __name__ == "__main__":
    unittest.main()
