"""The CloudFormation templates: linted, deployed by the real client, and read back."""

import concurrent.futures
import http.server
import itertools
import json
import pathlib
import re
import shlex
import shutil
import subprocess
import tempfile
import threading
import unittest

import aws_stand_in
import boto3
import yaml
from aws_stand_in import ACCOUNT, REGION, kept
from documents import fences

REPOSITORY = pathlib.Path(__file__).parents[2]
TEMPLATES = {path.stem: path for path in sorted((REPOSITORY / "deploy/cloudformation").glob("*.yaml"))}
# Log alarms exist in some Regions only: see test_device_alarms.py.
EVERYWHERE = [name for name in TEMPLATES if name != "device-alarms"]
FLEET_PARAMETERS = {
    "BridgeUrl": "https://bridge.example.com",
    "ApiKeySecret": "event-bridge-key",
    "AlertEmail": "team@example.com",
    "EnableAudit": "true",
    "DetectUsedBefore": "true",
    "EnableRulesDetect": "true",
    "EnableMLDetect": "true",
    "DetectMLConfidenceLevel": "MEDIUM",
    "DeviceSideMetrics": "true",
    "DeviceTargetARNs": "ALL",
}
SECOND = {"TopicPrefix": "second", "NamePrefix": "DefenderBridge-", "ExistingAuditConfiguration": "true"}
CLOUD_SIDE = [
    ("AuthorizationFailures-High", "aws:num-authorization-failures"),
    ("ConnectionAttempts-Low", "aws:num-connection-attempts"),
    ("Disconnects-Low", "aws:num-disconnects"),
    ("MessageSize-Medium", "aws:message-byte-size"),
    ("MessagesSent-Medium", "aws:num-messages-sent"),
    ("MessagesReceived-Medium", "aws:num-messages-received"),
]
DEVICE_SIDE = [
    ("DeviceListeningTCPPorts-High", "aws:num-listening-tcp-ports"),
    ("DeviceListeningUDPPorts-High", "aws:num-listening-udp-ports"),
    ("DevicePacketsOut-Medium", "aws:all-packets-out"),
    ("DevicePacketsIn-Medium", "aws:all-packets-in"),
]
# The memory in MiB that Fargate accepts with CPU units (Amazon ECS, "Task CPU and memory").
FARGATE = {
    256: {512, 1024, 2048},
    512: set(range(1024, 4097, 1024)),
    1024: set(range(2048, 8193, 1024)),
    2048: set(range(4096, 16385, 1024)),
    4096: set(range(8192, 30721, 1024)),
}
# Directories that the ECS Exec agent writes to.
EXEC_PATHS = ["/managed-agents", "/var/lib/amazon/ssm", "/var/log/amazon/ssm"]
# Where the Dockerfile puts the certificates of the authorities of Amazon RDS.
RDS_BUNDLE = "/usr/local/share/amazon-rds/bundle.pem"
SECURITY_GROUPS = ("LoadBalancerSecurityGroup", "MonitoringSecurityGroup", "TaskSecurityGroup", "DatabaseSecurityGroup")


class Loader(yaml.SafeLoader):
    """Loads short forms of intrinsic functions (!Ref) as long forms."""


def _long_form(loader, suffix, node):
    key = suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}"
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
        return {key: value.split(".", 1) if suffix == "GetAtt" else value}
    construct = loader.construct_mapping if isinstance(node, yaml.MappingNode) else loader.construct_sequence
    return {key: construct(node, deep=True)}


Loader.add_multi_constructor("!", _long_form)


def database_secret():
    """The ARN of the secret with the database's password."""
    return kept["bridge", "Database"].get_cfn_attribute("MasterUserSecret")


def template(name):
    return yaml.load(TEMPLATES[name].read_text(), Loader)


def evaluate(expression, parameters):
    """Evaluates an expression of a template's rules."""
    if not isinstance(expression, dict):
        return expression
    ((function, argument),) = expression.items()
    if function == "Ref":
        return parameters[argument]
    values = [value if isinstance(value, list) else evaluate(value, parameters) for value in argument]
    return {
        "Fn::Equals": lambda: values[0] == values[1],
        "Fn::Not": lambda: not values[0],
        "Fn::And": lambda: all(values),
        "Fn::Or": lambda: any(values),
        "Fn::Contains": lambda: values[1] in values[0],
    }[function]()


def refusals(name, **parameters):
    """The messages of a template's rules for some parameters; others have their defaults."""
    document = template(name)
    given = {key: str(value.get("Default", "given")) for key, value in document["Parameters"].items()} | parameters
    return [
        assertion["AssertDescription"]
        for rule in document["Rules"].values()
        if evaluate(rule.get("RuleCondition", True), given)
        for assertion in rule["Assertions"]
        if not evaluate(assertion["Assert"], given)
    ]


def lint(*regions, names):
    """The findings of cfn-lint in templates, for some Regions."""
    run = subprocess.run(
        ["cfn-lint", "--format", "json", "--regions", *regions, "--", *(str(TEMPLATES[name]) for name in names)],
        env=aws_stand_in.environment(""),
        capture_output=True,
        text=True,
        check=False,
    )
    return json.loads(run.stdout or json.dumps([run.stderr]))


class LintTests(unittest.TestCase):
    def test_cfn_lint_reports_nothing(self):
        self.assertEqual(lint("us-east-1", "eu-central-1", "cn-north-1", "cn-northwest-1", names=EVERYWHERE), [])

    def test_resources_that_govcloud_lacks_are_omitted_there(self):
        problems = lint("us-gov-west-1", "us-gov-east-1", names=EVERYWHERE)
        self.assertEqual({problem["Rule"]["Id"] for problem in problems}, {"E3006"})
        self.assertEqual({pathlib.Path(problem["Filename"]).name for problem in problems}, {"fleet.yaml"})
        lacking = {problem["Location"]["Path"][1] for problem in problems}
        self.assertEqual(lacking, {"EventConnection", "EventDestination"})
        document = template("fleet")
        for name in lacking:
            self.assertEqual(document["Resources"][name]["Condition"], "HasEvents")
        self.assertIn(
            {"Fn::Not": [{"Fn::Equals": [{"Ref": "AWS::Partition"}, "aws-us-gov"]}]},
            document["Conditions"]["HasEvents"]["Fn::And"],
        )

    def test_properties_that_moto_does_not_return(self):
        resources = template("fleet")["Resources"]
        for topic in ("AuditTopic", "DetectTopic"):
            self.assertEqual(resources[topic]["Properties"]["SignatureVersion"], "2")
        self.assertEqual(
            resources["AuditRole"]["Properties"]["ManagedPolicyArns"],
            [{"Fn::Sub": "arn:${AWS::Partition}:iam::aws:policy/service-role/AWSIoTDeviceDefenderAudit"}],
        )

    def test_no_partition_is_hard_coded(self):
        for name in TEMPLATES:
            written = re.findall(r"arn:aws[a-z-]*:\S*", json.dumps(template(name)["Resources"]))
            self.assertEqual(written, [], name)


class RuleTests(unittest.TestCase):
    def test_the_defaults_are_accepted(self):
        self.assertEqual(refusals("fleet"), [])
        self.assertEqual(refusals("bridge"), [])

    def test_detect_in_a_new_account_is_rejected_with_the_reason(self):
        for profile in ("EnableRulesDetect", "EnableMLDetect"):
            (refusal,) = refusals("fleet", **{profile: "true"})
            self.assertIn("closed to new customers since 31 August 2026", refusal)
            self.assertEqual(refusals("fleet", **{profile: "true", "DetectUsedBefore": "true"}), [])

    def test_device_side_metrics_need_a_profile(self):
        self.assertEqual(len(refusals("fleet", DeviceSideMetrics="true")), 1)

    def test_a_key_needs_a_bridge(self):
        self.assertEqual(len(refusals("fleet", ApiKeySecret="key")), 1)
        self.assertEqual(refusals("fleet", ApiKeySecret="key", BridgeUrl="https://bridge.example.com"), [])

    def test_member_roles_need_an_external_id(self):
        self.assertEqual(len(refusals("bridge", MemberRoleName="member", ExternalId="")), 1)


class DeploymentTests(unittest.TestCase):
    """Stacks are created once; the tests read their resources."""

    @classmethod
    def setUpClass(cls):
        cls.serving = aws_stand_in.serving()
        cls.stand_in = cls.serving.__enter__()
        cls.addClassCleanup(cls.serving.__exit__, None, None, None)
        cls.aws("secretsmanager", "create-secret", "--name", "event-bridge-key", "--secret-string", "secret")
        ec2 = cls.client("ec2")
        cls.vpc = ec2.describe_vpcs()["Vpcs"][0]["VpcId"]
        cls.subnets = [subnet["SubnetId"] for subnet in ec2.describe_subnets()["Subnets"][:2]]
        certificate = cls.client("acm").request_certificate(DomainName="bridge.example.com")["CertificateArn"]
        stacks = {
            "fleet": ("fleet", FLEET_PARAMETERS),
            "quiet": ("fleet", {"TopicPrefix": "quiet", "DeviceTargetARNs": "ALL"}),
            # Next to AWS's sample, which uses the names and the account's audit configuration.
            "second": ("fleet", FLEET_PARAMETERS | SECOND),
            "member": (
                "member-role",
                {"BridgeRoleArn": "arn:aws:iam::111122223333:role/defender-bridge", "ExternalId": "a-long-external-id"},
            ),
            "bridge": (
                "bridge",
                {
                    "Image": "registry.example.com/defender-bridge:1",
                    "VpcId": cls.vpc,
                    "VpcCidr": "172.31.0.0/16",
                    "LoadBalancerSubnetIds": ",".join(cls.subnets),
                    "TaskSubnetIds": ",".join(cls.subnets),
                    "DomainName": "bridge.example.com",
                    "CertificateArn": certificate,
                    "SnsTopics": f"arn:aws:sns:{REGION}:*:device-defender-audit",
                    "SnsAccounts": ACCOUNT,
                    "MemberRoleName": "defender-bridge-member",
                    "ExternalId": "a-long-external-id",
                    "AlertEmail": "team@example.com",
                },
            ),
        }
        with concurrent.futures.ThreadPoolExecutor() as pool:
            list(pool.map(lambda item: cls.deploy(item[0], *item[1]), stacks.items()))

    @classmethod
    def client(cls, service):
        return boto3.client(
            service,
            endpoint_url=cls.stand_in.url,
            region_name=REGION,
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )

    @classmethod
    def aws(cls, *arguments):
        run = subprocess.run(
            ["aws", *arguments],
            env=aws_stand_in.environment(cls.stand_in.url),
            capture_output=True,
            text=True,
            check=False,
        )
        if run.returncode != 0:
            raise AssertionError(f"aws {' '.join(arguments[:2])}: {run.stderr}")
        return run.stdout

    @classmethod
    def deploy(cls, stack, name, parameters):
        cls.aws(
            *("cloudformation", "create-stack", "--stack-name", stack),
            *("--template-body", f"file://{TEMPLATES[name]}"),
            *("--capabilities", "CAPABILITY_NAMED_IAM", "--parameters"),
            json.dumps([{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()]),
        )

    def stack(self, name):
        return self.client("cloudformation").describe_stacks(StackName=name)["Stacks"][0]

    def outputs(self, name):
        return {output["OutputKey"]: output["OutputValue"] for output in self.stack(name)["Outputs"]}

    def resources(self, name):
        resources = self.client("cloudformation").describe_stack_resources(StackName=name)["StackResources"]
        # moto also lists resources whose condition is false, without a name.
        return {each["LogicalResourceId"]: each for each in resources if "LogicalResourceId" in each}

    def physical(self, stack, name):
        return self.resources(stack)[name]["PhysicalResourceId"]

    def test_every_stack_and_resource_exists(self):
        for stack, name in (("fleet", "fleet"), ("member", "member-role"), ("bridge", "bridge")):
            self.assertEqual(self.stack(stack)["StackStatus"], "CREATE_COMPLETE")
            conditional = {"Name"} if stack == "bridge" else set()
            self.assertEqual(set(self.resources(stack)), set(template(name)["Resources"]) - conditional)

    def test_by_default_nothing_is_monitored_or_notified(self):
        self.assertEqual(
            set(self.resources("quiet")),
            {
                *("PublishingRole", "Key", "AuditTopic", "DetectTopic", "TopicPolicy", "PublishingPolicy"),
                *("NotificationQueue", "NotificationQueuePolicy", "NotificationAlarm"),
            },
        )

    def test_topics_are_encrypted_with_a_key_that_device_defender_may_use(self):
        sns, kms = self.client("sns"), self.client("kms")
        role = self.outputs("fleet")["PublishingRoleArn"]
        for name, suffix in (("AuditTopicArn", "audit"), ("DetectTopicArn", "detect")):
            arn = self.outputs("fleet")[name]
            self.assertEqual(arn, f"arn:aws:sns:{REGION}:{ACCOUNT}:device-defender-{suffix}")
            attributes = sns.get_topic_attributes(TopicArn=arn)["Attributes"]
            key = attributes["KmsMasterKeyId"]
            self.assertTrue(kms.get_key_rotation_status(KeyId=key)["KeyRotationEnabled"])
            policy = kms.get_key_policy(KeyId=key, PolicyName="default")["Policy"]
            self.assertIn(
                {
                    "Sid": "DeviceDefenderPublishes",
                    "Effect": "Allow",
                    "Principal": {"AWS": role},
                    "Action": ["kms:GenerateDataKey*", "kms:Decrypt"],
                    "Resource": "*",
                },
                policy["Statement"],
            )

    def test_only_device_defender_publishes(self):
        deny = kept["fleet", "TopicPolicy"].properties["PolicyDocument"]["Statement"][1]
        self.assertEqual((deny["Effect"], deny["Principal"], deny["Action"]), ("Deny", "*", "sns:Publish"))
        self.assertEqual(
            deny["Condition"], {"ArnNotEquals": {"aws:PrincipalArn": self.outputs("fleet")["PublishingRoleArn"]}}
        )
        iam = self.client("iam")
        role = self.physical("fleet", "PublishingRole")
        trust = iam.get_role(RoleName=role)["Role"]["AssumeRolePolicyDocument"]["Statement"]
        self.assertEqual(trust[0]["Principal"], {"Service": "iot.amazonaws.com"})
        self.assertEqual(trust[0]["Condition"], {"StringEquals": {"aws:SourceAccount": ACCOUNT}})

    def test_subscriptions_retry_for_the_maximum_time_and_then_use_the_dead_letter_queue(self):
        queue = self.client("sqs").get_queue_attributes(
            QueueUrl=self.outputs("fleet")["NotificationQueueUrl"], AttributeNames=["All"]
        )["Attributes"]
        self.assertEqual(queue["MessageRetentionPeriod"], "1209600")
        self.assertEqual(queue["SqsManagedSseEnabled"], "true")
        for name in ("AuditSubscription", "DetectSubscription"):
            subscription = kept["fleet", name].properties
            self.assertEqual(subscription["Endpoint"], "https://bridge.example.com/sns")
            self.assertEqual(subscription["Protocol"], "https")
            self.assertEqual(subscription["RawMessageDelivery"], False)
            self.assertEqual(subscription["RedrivePolicy"], {"deadLetterTargetArn": queue["QueueArn"]})
            self.assertEqual(patience(subscription["DeliveryPolicy"]), 3600)

    def test_audits_run_all_checks(self):
        configuration = kept["fleet", "AuditConfiguration"].properties
        self.assertEqual(len(configuration["AuditCheckConfigurations"]), 17)
        self.assertEqual(
            set(configuration["AuditCheckConfigurations"]),
            set(aws_stand_in.schema("AWS::IoT::AccountAuditConfiguration")["definitions"]["AuditCheckConfigurations"]["properties"]),
        )
        self.assertTrue(all(check == {"Enabled": True} for check in configuration["AuditCheckConfigurations"].values()))
        target = configuration["AuditNotificationTargetConfigurations"]["Sns"]
        self.assertEqual(target["TargetArn"], self.outputs("fleet")["AuditTopicArn"])
        self.assertEqual(target["RoleArn"], self.outputs("fleet")["PublishingRoleArn"])
        self.assertEqual(configuration["RoleArn"], self.client("iam").get_role(RoleName=self.physical("fleet", "AuditRole"))["Role"]["Arn"])
        audit = kept["fleet", "DailyAudit"].properties
        self.assertEqual(audit["Frequency"], "DAILY")
        # The API name of a check is its configuration name in capitals.
        capitals = lambda name: re.sub(r"[^A-Z]", "", name.upper())
        self.assertEqual(
            {capitals(name) for name in audit["TargetCheckNames"]},
            {capitals(name) for name in configuration["AuditCheckConfigurations"]},
        )

    def test_security_profiles_have_the_behaviors_of_the_sample(self):
        for name, behaviors, learns in (
            ("CloudSideRulesProfile", CLOUD_SIDE, False),
            ("CloudSideMLProfile", CLOUD_SIDE, True),
            ("DeviceSideRulesProfile", DEVICE_SIDE, False),
            ("DeviceSideMLProfile", DEVICE_SIDE, True),
        ):
            profile = kept["fleet", name].properties
            self.assertEqual([(each["Name"], each["Metric"]) for each in profile["Behaviors"]], behaviors)
            self.assertEqual(profile["TargetArns"], [f"arn:aws:iot:{REGION}:{ACCOUNT}:all/things"])
            self.assertEqual(profile["AlertTargets"]["SNS"]["AlertTargetArn"], self.outputs("fleet")["DetectTopicArn"])
            for behavior in profile["Behaviors"]:
                learned = {"MlDetectionConfig": {"ConfidenceLevel": "MEDIUM"}}
                self.assertEqual(behavior["Criteria"] == learned, learns)

    def test_percentile_rules_state_the_normal_range(self):
        criteria = [
            behavior["Criteria"]
            for name in ("CloudSideRulesProfile", "DeviceSideRulesProfile")
            for behavior in kept["fleet", name].properties["Behaviors"]
            if "StatisticalThreshold" in behavior["Criteria"]
        ]
        self.assertEqual(len(criteria), 5)
        for each in criteria:
            # Values above the 99th percentile alarm.
            self.assertEqual(each["StatisticalThreshold"], {"Statistic": "p99"})
            self.assertEqual(each["ComparisonOperator"], "less-than-equals")

    def test_a_second_stack_keeps_the_audit_configuration_and_the_names_of_the_first(self):
        resources = set(self.resources("second"))
        self.assertEqual(set(self.resources("fleet")) - resources, {"AuditRole", "AuditConfiguration"})
        for logical, key in (
            ("DailyAudit", "ScheduledAuditName"),
            *((name, "SecurityProfileName") for name in resources if name.endswith("Profile")),
        ):
            first = kept["fleet", logical].properties[key]
            self.assertEqual(kept["second", logical].properties[key], f"DefenderBridge-{first}")

    def test_the_command_points_an_existing_audit_configuration_at_the_topic(self):
        self.assertNotIn("AuditNotificationCommand", self.outputs("fleet"))
        outputs = self.outputs("second")
        program, service, operation, *arguments = shlex.split(outputs["AuditNotificationCommand"])
        self.assertEqual((program, service, operation), ("aws", "iot", "update-account-audit-configuration"))
        self.assertEqual(
            sent_by_aws(service, operation, *arguments),
            {
                "auditNotificationTargetConfigurations": {
                    "SNS": {
                        "targetArn": outputs["AuditTopicArn"],
                        "roleArn": outputs["PublishingRoleArn"],
                        "enabled": True,
                    }
                }
            },
        )

    def test_events_reach_the_bridge_or_the_queue(self):
        events, sqs = self.client("events"), self.client("sqs")
        rule = events.describe_rule(Name=self.physical("fleet", "EventRule"))
        pattern = json.loads(rule["EventPattern"])
        self.assertEqual(
            pattern["detail"]["eventName"],
            [
                *("PutVerificationStateOnViolation", "CreateAuditSuppression", "UpdateAuditSuppression"),
                *("DeleteAuditSuppression", "CancelAuditTask"),
            ],
        )
        (target,) = events.list_targets_by_rule(Rule=rule["Name"])["Targets"]
        queue = sqs.get_queue_attributes(QueueUrl=self.outputs("fleet")["EventQueueUrl"], AttributeNames=["QueueArn"])
        self.assertEqual(target["DeadLetterConfig"], {"Arn": queue["Attributes"]["QueueArn"]})
        self.assertEqual(target["RetryPolicy"], {"MaximumEventAgeInSeconds": 86400, "MaximumRetryAttempts": 185})
        self.assertEqual(target["Arn"], kept["fleet", "EventDestination"].get_cfn_attribute("Arn"))
        self.assertEqual(
            kept["fleet", "EventDestination"].properties["InvocationEndpoint"], "https://bridge.example.com/eventbridge"
        )
        self.assertEqual(
            kept["fleet", "EventConnection"].properties["AuthParameters"]["ApiKeyAuthParameters"],
            {"ApiKeyName": "x-api-key", "ApiKeyValue": "{{resolve:secretsmanager:event-bridge-key}}"},
        )

    def test_alarms_watch_both_queues(self):
        for alarm, queue in (("NotificationAlarm", "NotificationQueueUrl"), ("EventAlarm", "EventQueueUrl")):
            properties = kept["fleet", alarm].properties
            self.assertEqual(properties["MetricName"], "ApproximateNumberOfMessagesVisible")
            self.assertEqual(properties["Dimensions"][0]["Value"], self.outputs("fleet")[queue].rsplit("/", 1)[1])
            self.assertEqual(properties["AlarmActions"], [self.physical("fleet", "AlertTopic")])
        subscriptions = self.client("sns").list_subscriptions_by_topic(TopicArn=self.physical("fleet", "AlertTopic"))
        self.assertEqual(
            [(each["Protocol"], each["Endpoint"]) for each in subscriptions["Subscriptions"]],
            [("email", "team@example.com")],
        )

    def test_only_the_bridge_assumes_the_member_role(self):
        role = self.client("iam").get_role(RoleName="defender-bridge-member")["Role"]
        self.assertEqual(self.outputs("member")["RoleArn"], role["Arn"])
        statement, tagging = role["AssumeRolePolicyDocument"]["Statement"]
        bridge = {"ArnEquals": {"aws:PrincipalArn": "arn:aws:iam::111122223333:role/defender-bridge"}}
        self.assertEqual((tagging["Action"], tagging["Condition"]), ("sts:TagSession", bridge))
        self.assertEqual({str(each["Principal"]) for each in (statement, tagging)}, {str({"AWS": "arn:aws:iam::111122223333:root"})})
        self.assertEqual(
            statement["Condition"],
            {
                "ArnEquals": {"aws:PrincipalArn": "arn:aws:iam::111122223333:role/defender-bridge"},
                "StringEquals": {"sts:ExternalId": "a-long-external-id"},
            },
        )

    def test_only_the_pods_assume_the_role_on_kubernetes(self):
        issuer = "oidc.eks.us-east-1.amazonaws.com/id/0123456789ABCDEF"
        for stack, parameters in (("pod-identity", {}), ("irsa", {"OidcProvider": issuer, "Namespace": "iot"})):
            self.deploy(stack, "pod-role", parameters)
        roles = {stack: self.client("iam").get_role(RoleName=self.physical(stack, "Role"))["Role"] for stack in ("pod-identity", "irsa")}
        self.assertEqual(self.outputs("irsa")["RoleArn"], roles["irsa"]["Arn"])
        (identity,) = roles["pod-identity"]["AssumeRolePolicyDocument"]["Statement"]
        self.assertEqual(identity["Principal"], {"Service": "pods.eks.amazonaws.com"})
        self.assertEqual(identity["Action"], ["sts:AssumeRole", "sts:TagSession"])
        self.assertEqual(
            identity["Condition"]["StringEquals"],
            {
                "aws:RequestTag/kubernetes-namespace": "defender-bridge",
                "aws:RequestTag/kubernetes-service-account": "defender-bridge",
            },
        )
        (web,) = roles["irsa"]["AssumeRolePolicyDocument"]["Statement"]
        self.assertEqual(web["Principal"], {"Federated": f"arn:aws:iam::{ACCOUNT}:oidc-provider/{issuer}"})
        self.assertEqual(web["Action"], "sts:AssumeRoleWithWebIdentity")
        self.assertEqual(
            web["Condition"]["StringEquals"],
            {f"{issuer}:aud": "sts.amazonaws.com", f"{issuer}:sub": "system:serviceaccount:iot:defender-bridge"},
        )

    def test_two_tasks_run_the_bridge_with_its_secrets(self):
        ecs = self.client("ecs")
        cluster = self.physical("bridge", "Cluster")
        (arn,) = ecs.list_services(cluster=cluster)["serviceArns"]
        service = ecs.describe_services(cluster=cluster, services=[arn])["services"][0]
        self.assertEqual(service["desiredCount"], 2)
        definition = ecs.describe_task_definition(taskDefinition=service["taskDefinition"])["taskDefinition"]
        container, collector = definition["containerDefinitions"]
        self.assertTrue(container["essential"])
        self.assertFalse(collector["essential"])
        values = {variable["name"]: variable["value"] for variable in container["environment"]}
        self.assertEqual(values["BRIDGE_SNS_TOPICS"], f"arn:aws:sns:{REGION}:*:device-defender-audit")
        self.assertRegex(
            values["BRIDGE_STORE_URL"],
            rf"^postgresql://bridge@[A-Za-z0-9.-]+:5432/bridge\?sslmode=verify-full&sslrootcert={RDS_BUNDLE}$",
        )
        self.assertEqual(
            {secret["name"]: secret["valueFrom"] for secret in container["secrets"]},
            {
                "BRIDGE_EVENT_BRIDGE_API_KEY": kept["bridge", "ApiKey"].physical_resource_id,
                "PGPASSWORD": f"{database_secret()}:password::",
            },
        )
        self.assertTrue(container["readonlyRootFilesystem"])
        self.assertEqual(values["BRIDGE_ADMIN_ADDRESS"], "0.0.0.0:9090")
        self.assertEqual([port["containerPort"] for port in container["portMappings"]], [8080, 9090])
        # ECS replaces unhealthy tasks: a task that waits for its database must stay healthy.
        self.assertEqual(container["healthCheck"]["command"][1:], ["/usr/local/bin/defender-bridge", "health", "--live"])

    def test_commands_run_in_tasks_with_a_read_only_root(self):
        resources = template("bridge")["Resources"]
        self.assertTrue(resources["Service"]["Properties"]["EnableExecuteCommand"])
        task = resources["TaskDefinition"]["Properties"]
        container = task["ContainerDefinitions"][0]
        self.assertEqual(
            {mount["SourceVolume"]: mount["ContainerPath"] for mount in container["MountPoints"]},
            dict(zip([each["Name"] for each in task["Volumes"]], EXEC_PATHS)),
        )

    def test_tasks_have_the_architecture_of_the_image(self):
        # moto does not return it.
        platform = template("bridge")["Resources"]["TaskDefinition"]["Properties"]["RuntimePlatform"]
        self.assertEqual(platform["CpuArchitecture"], {"Ref": "TaskArchitecture"})

    def test_the_database_has_a_reader_and_is_protected(self):
        database = kept["bridge", "Database"].properties
        self.assertIs(database["DeletionProtection"], True)
        self.assertTrue(database["ManageMasterUserPassword"])
        self.assertNotIn("MasterUserPassword", database)
        instances = [kept["bridge", name] for name in ("DatabaseInstance", "DatabaseReaderInstance")]
        self.assertEqual([each.properties["PromotionTier"] for each in instances], [0, 1])
        self.assertEqual({each.properties["DBClusterIdentifier"] for each in instances}, {self.physical("bridge", "Database")})
        self.assertEqual(template("bridge")["Resources"]["DatabaseReaderInstance"]["Condition"], "HasReader")

    def test_tasks_are_replaced_after_a_rotation_of_the_password(self):
        events = self.client("events")
        rule = events.describe_rule(Name=self.physical("bridge", "RotationRule"))
        pattern = json.loads(rule["EventPattern"])
        self.assertEqual(pattern["detail"]["eventName"], ["RotationSucceeded"])
        self.assertEqual(pattern["detail"]["additionalEventData"], {"SecretId": [database_secret()]})
        (target,) = events.list_targets_by_rule(Rule=rule["Name"])["Targets"]
        machine = kept["bridge", "TaskReplacement"]
        self.assertEqual(target["Arn"], machine.physical_resource_id)
        (step,) = machine.properties["Definition"]["States"].values()
        self.assertEqual(step["Resource"], "arn:aws:states:::aws-sdk:ecs:updateService")
        # The parameters are those of the API.
        (name,) = [name for name in self.resources("bridge") if name == "Service"]
        given = {key[0].lower() + key[1:]: value for key, value in step["Parameters"].items()}
        updated = self.client("ecs").update_service(**given)["service"]
        self.assertEqual(updated["serviceArn"], self.physical("bridge", name))

    def test_alarms_use_metrics_that_the_collector_sends(self):
        exposed = (REPOSITORY / "deploy/docs/metrics.md").read_text()
        resources = template("bridge")["Resources"]
        collector = resources["TaskDefinition"]["Properties"]["ContainerDefinitions"][1]["Fn::If"][1]
        (setting,) = collector["Environment"]
        settings = yaml.safe_load(setting["Value"]["Fn::Sub"].replace("${AWS::StackName}", "bridge"))
        (job,) = settings["receivers"]["prometheus"]["config"]["scrape_configs"]
        (kept_names,) = job["metric_relabel_configs"]
        exporter = settings["exporters"]["awsemf"]
        self.assertEqual(job["static_configs"], [{"targets": ["127.0.0.1:9090"], "labels": {"bridge": "bridge"}}])
        sent = set()
        for name in re.findall(r"^\| `(\w+)`", exposed, re.MULTILINE):
            for declaration in exporter["metric_declarations"]:
                if any(re.search(selector, name) for selector in declaration["metric_name_selectors"]):
                    self.assertRegex(name, f"^{kept_names['regex']}$")
                    sent |= {(name, *dimensions) for dimensions in declaration["dimensions"]}
        used = set()
        for name, resource in resources.items():
            properties = resource.get("Properties", {})
            if properties.get("Namespace") == exporter["namespace"]:
                self.assertEqual(resource["Condition"], "HasCollector")
                used.add((properties["MetricName"], *(each["Name"] for each in properties["Dimensions"])))
                runbook = re.search(r"runbook of (\w+)", properties["AlarmDescription"])[1]
                self.assertIn(f"## {runbook}\n", (REPOSITORY / "deploy/docs/runbooks.md").read_text())
        self.assertEqual(used, sent)
        self.assertEqual(len(used), 7)

    def test_alarms_notify_the_address(self):
        alarms = [each for (stack, _), each in kept.items() if stack == "bridge" and each.type_name == "AWS::CloudWatch::Alarm"]
        self.assertEqual(len(alarms), 9)
        topic = self.physical("bridge", "AlertTopic")
        for alarm in alarms:
            self.assertEqual((alarm.properties["AlarmActions"], alarm.properties["OKActions"]), ([topic], [topic]))
        subscriptions = self.client("sns").list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
        self.assertEqual([each["Endpoint"] for each in subscriptions], ["team@example.com"])

    def test_the_commands_of_the_document_run(self):
        text = (REPOSITORY / "deploy/docs/ecs.md").read_text()
        commands = [
            block for _, language, block, reason in fences(text)
            if language == "sh" and (reason is None or "test_cloudformation.py runs it" in reason)
        ]
        self.assertEqual(len(commands), 5)
        folder = pathlib.Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, folder)
        # Pushes an image without content.
        manifest = json.dumps({"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json", "config": {}, "layers": []})
        (folder / "docker").write_text(
            "#!/bin/sh\nset -e\ncase $1 in\nlogin) cat >/dev/null ;;\n"
            f"buildx) aws ecr put-image --repository-name defender-bridge --image-tag 0.1.0 --image-manifest '{manifest}' ;;\n"
            "*) exit 64 ;;\nesac\n"
        )
        (folder / "docker").chmod(0o755)
        own = {
            "vpc": self.vpc, "cidr": "172.31.0.0/16", "public": ",".join(self.subnets), "private": ",".join(self.subnets),
            "certificate": self.client("acm").list_certificates()["CertificateSummaryList"][0]["CertificateArn"],
        }
        script = "\n".join(commands)
        for name, value in own.items():
            script, count = re.subn(rf"(?<=[ ]){name}=\S+", f"{name}={value}", script)
            self.assertEqual(count, 1, name)
        environment = aws_stand_in.environment(self.stand_in.url)
        environment["PATH"] = f"{folder}:{environment['PATH']}"
        run = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", script + '\necho "TASK $task"\n'],
            cwd=REPOSITORY, env=environment, capture_output=True, text=True, check=False,
        )
        self.assertEqual(run.returncode, 0, run.stdout + run.stderr)
        ecs, cluster = self.client("ecs"), self.physical("defender-bridge", "Cluster")
        (task,) = ecs.describe_tasks(cluster=cluster, tasks=[re.search(r"^TASK (\S+)$", run.stdout, re.MULTILINE)[1]])["tasks"]
        self.assertEqual(task["overrides"]["containerOverrides"][0]["command"], ["dead-letters", "list"])
        definition = ecs.describe_task_definition(taskDefinition=task["taskDefinitionArn"])["taskDefinition"]
        self.assertRegex(definition["containerDefinitions"][0]["image"], r"/defender-bridge@sha256:[0-9a-f]{64}$")

    def test_only_cpu_and_memory_pairs_of_fargate_are_accepted(self):
        parameters = template("bridge")["Parameters"]
        pairs = itertools.product(*(parameters[name]["AllowedValues"] for name in ("TaskCpu", "TaskMemory")))
        for cpu, memory in pairs:
            refused = refusals("bridge", TaskCpu=cpu, TaskMemory=memory)
            self.assertEqual(refused == [], int(memory) in FARGATE[int(cpu)], (cpu, memory))
        self.assertEqual(refusals("bridge"), [])

    def test_the_load_balancer_forwards_only_deliveries(self):
        elb = self.client("elbv2")
        balancer = self.physical("bridge", "LoadBalancer")
        (listener,) = elb.describe_listeners(LoadBalancerArn=balancer)["Listeners"]
        self.assertEqual((listener["Port"], listener["Protocol"]), (443, "HTTPS"))
        self.assertEqual(listener["DefaultActions"][0]["Type"], "fixed-response")
        rules = elb.describe_rules(ListenerArn=listener["ListenerArn"])["Rules"]
        paths = [rule["Conditions"][0]["PathPatternConfig"]["Values"] for rule in rules if rule["Conditions"]]
        self.assertEqual(paths, [["/sns", "/eventbridge", "/webhooks/*"]])
        (target,) = elb.describe_target_groups(LoadBalancerArn=balancer)["TargetGroups"]
        self.assertEqual(target["HealthCheckPath"], "/readyz")

    def test_only_the_load_balancer_is_reachable_from_the_internet(self):
        ec2 = self.client("ec2")
        groups = {
            name: ec2.describe_security_groups(GroupIds=[self.physical("bridge", name)])["SecurityGroups"][0]
            for name in SECURITY_GROUPS
        }
        (rule,) = groups["LoadBalancerSecurityGroup"]["IpPermissions"]
        self.assertEqual((rule["FromPort"], rule["IpRanges"][0]["CidrIp"]), (443, "0.0.0.0/0"))
        self.assertEqual(groups["MonitoringSecurityGroup"]["IpPermissions"], [])
        for name, port, source in (
            ("TaskSecurityGroup", 8080, "LoadBalancerSecurityGroup"),
            ("TaskSecurityGroup", 9090, "MonitoringSecurityGroup"),
            ("DatabaseSecurityGroup", 5432, "TaskSecurityGroup"),
        ):
            (rule,) = [rule for rule in groups[name]["IpPermissions"] if rule["FromPort"] == port]
            self.assertEqual(rule["IpRanges"], [])
            self.assertEqual(rule["UserIdGroupPairs"][0]["GroupId"], groups[source]["GroupId"])


def sent_by_aws(*arguments):
    """The request body that the aws command creates from arguments."""
    bodies = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_PATCH(self):
            bodies.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *_):
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            run = subprocess.run(
                ["aws", *arguments],
                env=aws_stand_in.environment(f"http://127.0.0.1:{server.server_port}"),
                capture_output=True,
                text=True,
                check=False,
            )
        finally:
            server.shutdown()
            thread.join()
    assert run.returncode == 0, run.stderr
    (body,) = bodies
    return body


def patience(delivery_policy):
    """The total retry time of a delivery policy without backoff retries, in seconds."""
    policy = delivery_policy["healthyRetryPolicy"]
    assert policy["numRetries"] == policy["numNoDelayRetries"] + policy["numMinDelayRetries"] + policy["numMaxDelayRetries"]
    return (
        policy["numMinDelayRetries"] * policy["minDelayTarget"] + policy["numMaxDelayRetries"] * policy["maxDelayTarget"]
    )


if __name__ == "__main__":
    unittest.main()
