"""Real AWS clients against a running LocalAWS: boto3 and the AWS CLI, with botocore's validation on.

Every response is checked strictly against botocore's models in addition: members that a model does not have, wrong types,
missing members and values outside an enumeration fail. Exits with a traceback at the first failure.
"""

import datetime
import json
import os
import re
import subprocess

import boto3
import botocore.config
import botocore.exceptions

ACCOUNT = os.environ["LOCAL_ACCOUNT"]
OTHER_ACCOUNT = os.environ["LOCAL_OTHER_ACCOUNT"]
REGION = os.environ["AWS_REGION"]
TASK = os.environ["LOCAL_TASK"]
PRODUCT = f"arn:aws:securityhub:{REGION}:{ACCOUNT}:product/{ACCOUNT}/default"
CONFIG = botocore.config.Config(retries={"total_max_attempts": 1}, inject_host_prefix=False)


def check(shape, value, path):
    """Checks a parsed value against a shape of botocore's model."""
    kind = shape.type_name
    if getattr(shape, "is_document_type", False):
        return
    if kind == "structure":
        assert isinstance(value, dict), path
        unknown = set(value) - set(shape.members) - {"ResponseMetadata"}
        assert not unknown, f"{path}: {unknown}"
        missing = set(shape.required_members) - set(value)
        assert not missing, f"{path}: {missing}"
        for name in set(value) & set(shape.members):
            check(shape.members[name], value[name], f"{path}.{name}")
    elif kind == "list":
        assert isinstance(value, list), path
        for index, element in enumerate(value):
            check(shape.member, element, f"{path}[{index}]")
    elif kind == "map":
        assert isinstance(value, dict), path
        for name, element in value.items():
            check(shape.value, element, f"{path}[{name}]")
    elif kind == "timestamp":
        assert isinstance(value, datetime.datetime), f"{path}: {value!r}"
    elif kind == "boolean":
        assert isinstance(value, bool), path
    elif kind in ("integer", "long"):
        assert isinstance(value, int) and not isinstance(value, bool), path
    elif kind in ("double", "float"):
        assert isinstance(value, (int, float)), path
    elif kind == "string":
        assert isinstance(value, str), f"{path}: {value!r}"
        if shape.enum:
            assert value in shape.enum, f"{path}: {value}"
        assert shape.metadata.get("min", 0) <= len(value) <= shape.metadata.get("max", len(value)), f"{path}: {value}"
        pattern = shape.metadata.get("pattern", "")
        # Python supports neither POSIX classes nor AWS's notation of code points.
        if pattern and "\\p{" not in pattern and "\\u" not in pattern:
            assert re.fullmatch(pattern, value, re.DOTALL), f"{path}: {value}"
    else:
        raise AssertionError(f"{path}: {kind}")


class RawJSON:
    """Keeps raw JSON bodies: botocore's parser drops the members that its model does not have."""

    def __init__(self, client):
        self.client = client
        client.meta.events.register("before-parse.*.*", self.remember)

    def remember(self, response_dict, **_):
        self.raw = response_dict["body"]

    def call(self, method, **parameters):
        answer = getattr(self.client, method)(**parameters)
        model = self.client.meta.service_model.operation_model(self.client.meta.method_to_api_mapping[method])
        check(model.output_shape, answer, method)
        if model.metadata.get("protocol") == "rest-json":
            unknown = set(json.loads(self.raw)) - set(model.output_shape.members)
            assert not unknown, f"{method}: {unknown}"
        return answer


def client(service, **options):
    return RawJSON(boto3.client(service, config=CONFIG, **options))


def error_of(function, *arguments, **parameters):
    try:
        function(*arguments, **parameters)
    except botocore.exceptions.ClientError as error:
        return error.response["Error"]["Code"], error.response["ResponseMetadata"]["HTTPStatusCode"]
    raise AssertionError("the call succeeded")


def finding(number, **changes):
    return {
        "SchemaVersion": "2018-10-08",
        "Id": f"finding-{number:04}",
        "ProductArn": PRODUCT,
        "GeneratorId": "Fleet/MessagesSent-High",
        "AwsAccountId": ACCOUNT,
        "Types": ["Unusual Behaviors/IoT Device/aws:num-messages-sent"],
        "CreatedAt": "2026-11-22T10:00:00.000Z",
        "UpdatedAt": "2026-11-22T10:00:00.000Z",
        "Severity": {"Label": "HIGH", "Original": "HIGH"},
        "Title": f"Finding {number}",
        "Description": "ünusual & <odd>",
        "Resources": [{"Type": "Other", "Id": f"arn:aws:iot:{REGION}:{ACCOUNT}:thing/pump-{number}"}],
        **changes,
    }


def security_hub():
    hub = client("securityhub")
    assert hub.call("describe_hub")["HubArn"].endswith(":hub/default")
    answer = hub.call("batch_import_findings", Findings=[finding(number) for number in range(100)])
    assert (answer["SuccessCount"], answer["FailedCount"], answer["FailedFindings"]) == (100, 0, [])
    answer = hub.call("batch_import_findings", Findings=[finding(100), finding(101, Title="x" * 257)])
    assert (answer["SuccessCount"], answer["FailedCount"]) == (1, 1)
    failure = answer["FailedFindings"][0]
    assert (failure["Id"], failure["ErrorCode"]) == ("finding-0101", "InvalidInput")
    assert "data.Title" in failure["ErrorMessage"]

    def title(number):
        found = hub.call(
            "get_findings", Filters={"Id": [{"Value": f"finding-{number:04}", "Comparison": "EQUALS"}]}
        )["Findings"]
        return found[0]["Title"] if found else None

    for updated_at, text in [("2026-11-22T10:00:00Z", "same"), ("2026-11-22T09:59:59.999Z", "older")]:
        answer = hub.call("batch_import_findings", Findings=[finding(7, UpdatedAt=updated_at, Title=text)])
        assert answer["SuccessCount"] == 1
        assert title(7) == "Finding 7"
    hub.call("batch_import_findings", Findings=[finding(7, UpdatedAt="2026-11-22T11:00:00.001+01:00", Title="newer")])
    assert title(7) == "newer"
    assert title(101) is None

    prefix = {"Id": [{"Value": "finding-00", "Comparison": "PREFIX"}]}
    pages = list(hub.client.get_paginator("get_findings").paginate(Filters=prefix, PaginationConfig={"PageSize": 30}))
    assert [len(page["Findings"]) for page in pages] == [30, 30, 30, 10]
    ids = [one["Id"] for page in pages for one in page["Findings"]]
    assert ids == [f"finding-{number:04}" for number in range(100)]
    sort = [{"Field": "Id", "SortOrder": "desc"}]
    answer = hub.call("get_findings", Filters=prefix, SortCriteria=sort, MaxResults=1)
    assert answer["Findings"][0]["Id"] == "finding-0099"

    identifiers = [{"Id": name, "ProductArn": PRODUCT} for name in ("finding-0001", "finding-9999")]
    answer = hub.call(
        "batch_update_findings",
        FindingIdentifiers=identifiers,
        Workflow={"Status": "SUPPRESSED"},
        VerificationState="FALSE_POSITIVE",
        Note={"Text": "A device of the laboratory", "UpdatedBy": "analyst"},
        Severity={"Label": "LOW"},
    )
    assert answer["ProcessedFindings"] == identifiers[:1]
    assert answer["UnprocessedFindings"][0]["ErrorCode"] == "FindingNotFound"
    suppressed = {"WorkflowStatus": [{"Value": "SUPPRESSED", "Comparison": "EQUALS"}]}
    (found,) = hub.call("get_findings", Filters=suppressed)["Findings"]
    assert found["Id"] == "finding-0001"
    assert found["VerificationState"] == "FALSE_POSITIVE"
    assert found["Note"]["Text"] == "A device of the laboratory"
    assert found["Severity"]["Label"] == "LOW" and found["Severity"]["Normalized"] == 1
    assert found["UpdatedAt"] == "2026-11-22T10:00:00.000Z"

    named = finding(102, ProductName="Defender Bridge", CompanyName="Example AG")
    hub.call("batch_import_findings", Findings=[named])
    of_product = {"ProductName": [{"Value": "Defender Bridge", "Comparison": "EQUALS"}]}
    (found,) = hub.call("get_findings", Filters=of_product)["Findings"]
    assert (found["Id"], found["CompanyName"]) == ("finding-0102", "Example AG")
    hub.call("batch_import_findings", Findings=[finding(102, UpdatedAt="2026-11-22T10:00:01Z")])
    assert hub.call("get_findings", Filters=of_product)["Findings"] == []
    products = hub.call("list_enabled_products_for_import")["ProductSubscriptions"]
    assert [arn.rsplit(":", 1)[1] for arn in products] == ["product-subscription/aws/iot-device-defender-audit"]

    hub.call("batch_import_findings", Findings=[finding(103, UserDefinedFields={"team": "a"})])
    later = finding(103, UserDefinedFields={"team": "b"}, UpdatedAt="2026-11-22T10:00:01Z")
    hub.call("batch_import_findings", Findings=[later])
    one = [{"Id": "finding-0103", "ProductArn": PRODUCT}]
    of_id = {"Id": [{"Value": "finding-0103", "Comparison": "EQUALS"}]}
    assert hub.call("get_findings", Filters=of_id)["Findings"][0]["UserDefinedFields"] == {"team": "a"}
    hub.call("batch_update_findings", FindingIdentifiers=one, UserDefinedFields={"team": "c"})
    assert hub.call("get_findings", Filters=of_id)["Findings"][0]["UserDefinedFields"] == {"team": "c"}

    assert error_of(hub.client.get_findings, NextToken="1-wrong") == ("InvalidInputException", 400)
    other = finding(1, ProductArn=PRODUCT.replace(f"product/{ACCOUNT}", f"product/{OTHER_ACCOUNT}"))
    assert error_of(hub.client.batch_import_findings, Findings=[other]) == ("AccessDeniedException", 403)
    ireland = client("securityhub", region_name="eu-west-1")
    assert ireland.call("get_findings")["Findings"] == []


def security_hub_v2():
    hub = client("securityhub")
    assert ":hubv2/" in hub.call("describe_security_hub_v2")["HubV2Arn"]

    def found(uid):
        by_uid = {"FieldName": "finding_info.uid", "Filter": {"Value": uid, "Comparison": "EQUALS"}}
        filters = {"CompositeFilters": [{"StringFilters": [by_uid]}]}
        return hub.call("get_findings_v2", Filters=filters, MaxResults=1)["Findings"]

    assert [one["finding_info"]["uid"] for one in found("finding-0007")] == ["finding-0007"]
    assert found("finding-9999") == []
    ireland = client("securityhub", region_name="eu-west-1")
    assert error_of(ireland.client.describe_security_hub_v2) == ("ResourceNotFoundException", 404)


def iot():
    audits = client("iot")
    task = audits.call("describe_audit_task", taskId=TASK)
    assert task["taskStatus"] == "COMPLETED" and len(task["auditDetails"]) == 17
    pages = list(
        audits.client.get_paginator("list_audit_findings").paginate(
            taskId=TASK, PaginationConfig={"PageSize": 250}
        )
    )
    assert [len(page["findings"]) for page in pages] == [250, 250, 250, 250]
    assert len({one["findingId"] for page in pages for one in page["findings"]}) == 1000
    first = audits.call("list_audit_findings", taskId=TASK, maxResults=250)
    check_identifiers(audits, first["findings"])
    suppressed = audits.call("list_audit_findings", taskId=TASK, listSuppressedFindings=True, maxResults=250)
    assert {one["isSuppressed"] for one in suppressed["findings"]} == {True}
    logging = audits.call("list_audit_findings", taskId=TASK, checkName="LOGGING_DISABLED_CHECK")["findings"]
    assert [one["nonCompliantResource"]["resourceIdentifier"] for one in logging] == [{"account": ACCOUNT}]
    start = task["taskStartTime"]
    in_time = audits.call("list_audit_findings", startTime=start, endTime=start + datetime.timedelta(hours=1))
    assert len(in_time["findings"]) == 25
    earlier = audits.call("list_audit_findings", startTime=start - datetime.timedelta(hours=1), endTime=start)
    assert earlier["findings"] == []
    tasks = audits.call(
        "list_audit_tasks", startTime=start, endTime=start + datetime.timedelta(days=1), taskStatus="COMPLETED"
    )["tasks"]
    assert [one["taskId"] for one in tasks] == [TASK]
    assert error_of(audits.client.describe_audit_task, taskId="not/an id") == ("InvalidRequestException", 400)
    assert error_of(audits.client.describe_audit_task, taskId="no-such-task") == ("ResourceNotFoundException", 404)
    assert error_of(audits.client.list_audit_findings, taskId=TASK, startTime=start, endTime=start) == (
        "InvalidRequestException",
        400,
    )
    thing = audits.call("describe_thing", thingName="pump:1")
    assert thing["attributes"] == {"site": "Zug"} and thing["thingArn"].endswith(":thing/pump:1")
    assert error_of(audits.client.describe_thing, thingName="none") == ("ResourceNotFoundException", 404)
    assert error_of(audits.client.list_audit_findings) == ("InvalidRequestException", 400)


def suppressions():
    audits = client("iot")
    everything = audits.call("list_audit_suppressions", maxResults=250)["suppressions"]
    assert len(everything) == 60
    ends = [one["expirationDate"] for one in everything[:30]]
    assert ends == sorted(ends)
    assert [one["suppressIndefinitely"] for one in everything] == [False] * 30 + [True] * 30
    assert "expirationDate" not in everything[30]
    assert everything[30]["description"] == "a laboratory"
    pages = list(audits.client.get_paginator("list_audit_suppressions").paginate(ascendingOrder=False))
    assert [len(page["suppressions"]) for page in pages] == [25, 25, 10]
    assert [one for page in pages for one in page["suppressions"]] == everything[::-1]
    of_check = audits.call("list_audit_suppressions", checkName="LOGGING_DISABLED_CHECK")["suppressions"]
    assert [one["resourceIdentifier"] for one in of_check] == [{"account": ACCOUNT}]
    of_resource = audits.call("list_audit_suppressions", resourceIdentifier={"clientId": "pump-7"})["suppressions"]
    assert [one["resourceIdentifier"] for one in of_resource] == [{"clientId": "pump-7"}]
    assert error_of(audits.client.list_audit_suppressions, nextToken="1-wrong") == ("InvalidRequestException", 400)


def alarms():
    history = client("iot")
    start = datetime.datetime.fromisoformat(os.environ["LOCAL_ALARM_TIME"])
    span = dict(startTime=start, endTime=start + datetime.timedelta(hours=4))
    events = history.call("list_violation_events", maxResults=250, **span)["violationEvents"]
    assert [one["violationEventType"] for one in events] == ["in-alarm"] * 9 + ["alarm-cleared", "alarm-invalidated"]
    assert events[0]["violationEventTime"] == start, events[0]
    pages = list(history.client.get_paginator("list_violation_events").paginate(PaginationConfig={"PageSize": 4}, **span))
    assert [len(page["violationEvents"]) for page in pages] == [4, 4, 3]
    assert history.call("list_violation_events", startTime=start, endTime=start)["violationEvents"] == events[:1]
    active = history.call("list_active_violations", maxResults=250)["activeViolations"]
    assert [one["violationId"] for one in active] == [one["violationId"] for one in events[2:9]]
    assert active[0]["violationStartTime"] == active[0]["lastViolationTime"] == events[2]["violationEventTime"]
    assert active[0]["lastViolationValue"] == events[2]["metricValue"]
    verified = history.call("list_active_violations", verificationState="FALSE_POSITIVE")["activeViolations"]
    assert [one["verificationStateDescription"] for one in verified] == ["a laboratory"]
    assert history.call("list_active_violations", listSuppressedAlerts=True)["activeViolations"] == []
    of_thing = history.call("list_active_violations", thingName="pump-3")["activeViolations"]
    assert [one["violationId"] for one in of_thing] == [active[0]["violationId"]]
    assert error_of(history.client.list_active_violations, nextToken="1-wrong") == ("InvalidRequestException", 400)


def check_identifiers(audits, findings):
    """A response must also be valid as input: botocore then checks lengths."""
    for one in findings:
        identifier = one["nonCompliantResource"]["resourceIdentifier"]
        again = audits.client.list_audit_findings(taskId=TASK, resourceIdentifier=identifier)["findings"]
        assert one["findingId"] in [other["findingId"] for other in again], identifier


def sts():
    tokens = client("sts")
    identity = tokens.call("get_caller_identity")
    assert identity["Account"] == ACCOUNT
    role = f"arn:aws:iam::{OTHER_ACCOUNT}:role/Bridge"
    answer = tokens.call("assume_role", RoleArn=role, RoleSessionName="test", DurationSeconds=900)
    keys = answer["Credentials"]
    assert datetime.timedelta(minutes=14) < keys["Expiration"] - datetime.datetime.now(datetime.timezone.utc)
    session = dict(
        aws_access_key_id=keys["AccessKeyId"],
        aws_secret_access_key=keys["SecretAccessKey"],
        aws_session_token=keys["SessionToken"],
    )
    assumed = client("sts", **session).call("get_caller_identity")
    assert assumed["Account"] == OTHER_ACCOUNT
    assert assumed["Arn"] == f"arn:aws:sts::{OTHER_ACCOUNT}:assumed-role/Bridge/test"
    assert client("securityhub", **session).call("get_findings")["Findings"] == []
    stranger = boto3.client("sts", config=CONFIG, **{**session, "aws_session_token": "another"})
    assert error_of(stranger.get_caller_identity) == ("InvalidClientTokenId", 403)
    assert error_of(
        tokens.client.assume_role, RoleArn="arn:aws:iam::999999999999:role/Bridge", RoleSessionName="test"
    ) == ("AccessDenied", 403)


def signatures():
    wrong = dict(aws_secret_access_key="wrong")
    unknown = dict(aws_access_key_id="AKIANOBODYHASTHISKEY", aws_secret_access_key="wrong")
    for service, call, wrong_code, unknown_code in [
        ("sts", "get_caller_identity", "SignatureDoesNotMatch", "InvalidClientTokenId"),
        ("securityhub", "get_findings", "InvalidSignatureException", "UnrecognizedClientException"),
    ]:
        keys = dict(aws_access_key_id=os.environ["AWS_ACCESS_KEY_ID"], **wrong)
        refused = boto3.client(service, config=CONFIG, **keys)
        assert error_of(getattr(refused, call)) == (wrong_code, 403)
        refused = boto3.client(service, config=CONFIG, **unknown)
        assert error_of(getattr(refused, call)) == (unknown_code, 403)
    anonymous = botocore.config.Config(signature_version=botocore.UNSIGNED, retries={"total_max_attempts": 1})
    assert error_of(boto3.client("sts", config=anonymous).get_caller_identity) == ("MissingAuthenticationToken", 403)
    assert error_of(boto3.client("securityhub", config=anonymous).get_findings) == (
        "MissingAuthenticationTokenException",
        403,
    )


def sns():
    topics = boto3.client("sns", config=CONFIG)
    topic = f"arn:aws:sns:{REGION}:{ACCOUNT}:fleet"
    assert client("sns").call("publish", TopicArn=topic, Message="ünusual", Subject="A subject")["MessageId"]
    assert error_of(topics.publish, TopicArn="arn:aws:sqs:::fleet", Message="a") == ("InvalidParameter", 400)
    assert error_of(topics.confirm_subscription, TopicArn=topic, Token="wrong") == ("InvalidParameter", 400)


def command_line():
    def aws(*arguments):
        return json.loads(subprocess.run(["aws", *arguments], check=True, capture_output=True, timeout=60).stdout)

    assert aws("sts", "get-caller-identity")["Account"] == ACCOUNT
    filters = json.dumps({"Id": [{"Value": "finding-", "Comparison": "PREFIX"}]})
    found = aws("securityhub", "get-findings", "--filters", filters, "--page-size", "40")["Findings"]
    assert len(found) == 103
    found = aws("iot", "list-audit-findings", "--task-id", TASK, "--page-size", "250")["findings"]
    assert len(found) == 1000


def log_alarms():
    watch = client("cloudwatch")
    everything = watch.call("describe_alarms", AlarmTypes=["MetricAlarm", "CompositeAlarm", "LogAlarm"])
    names = [alarm["AlarmName"] for alarm in everything["LogAlarms"]]
    assert names == ["iot-a", "iot-b", "other"], names
    assert everything["MetricAlarms"] == everything["CompositeAlarms"] == []
    (alarm,) = watch.call("describe_alarms", AlarmTypes=["LogAlarm"], AlarmNamePrefix="iot-a")["LogAlarms"]
    assert alarm["StateValue"] == "ALARM" and alarm["ScheduledQueryConfiguration"]["QueryString"] == "q"
    assert watch.call("describe_alarms")["MetricAlarms"] == []
    pages = list(
        watch.client.get_paginator("describe_alarms").paginate(
            AlarmTypes=["LogAlarm"], PaginationConfig={"PageSize": 2}
        )
    )
    assert [len(page["LogAlarms"]) for page in pages] == [2, 1]
    listed = watch.call("describe_alarm_contributors", AlarmName="iot-a")
    found = list(listed["AlarmContributors"])
    assert len(found) == 50 and listed["NextToken"]
    found += watch.call("describe_alarm_contributors", AlarmName="iot-a", NextToken=listed["NextToken"])["AlarmContributors"]
    assert {one["ContributorAttributes"]["clientId"] for one in found} == {f"pump-{number}" for number in range(60)}
    assert watch.call("describe_alarm_contributors", AlarmName="other")["AlarmContributors"] == []
    assert error_of(watch.client.describe_alarm_contributors, AlarmName="none")[1] == 404
    assert error_of(watch.client.describe_alarms, NextToken="1-wrong")[1] == 400


security_hub()
security_hub_v2()
iot()
suppressions()
alarms()
sts()
signatures()
sns()
log_alarms()
command_line()
print("all passed")
