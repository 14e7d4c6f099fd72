"""What the bridge is compared with: brings an audit's findings into Security Hub as AWS's sample does, one call after the other
by boto3. It lists each check that failed page by page, imports in batches of 100, then reads all active findings from Security
Hub and archives those that this audit does not have.

audit_by_boto3.py TASK: prints the seconds that it took and the processor's seconds, without those of the start, as JSON.
"""

import datetime
import json
import os
import sys
import time

import boto3

PREFIX = "Software and Configuration Checks/AWS IoT Device Defender"
BATCH = 100


def asff(found, account, region):
    name = next(iter(found["nonCompliantResource"]["resourceIdentifier"].values()))
    resource = next(iter(name.values())) if isinstance(name, dict) else name
    check = found["checkName"]
    time_of_import = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    return {
        "SchemaVersion": "2018-10-08",
        "Id": f"arn:aws:iot-device-defender:{region}:{account}:audits/finding/{check}-{resource}",
        "ProductArn": f"arn:aws:securityhub:{region}:{account}:product/{account}/default",
        "GeneratorId": f"arn:aws:iot:{region}:{account}:scheduledaudit/OnDemand",
        "AwsAccountId": account,
        "Compliance": {"Status": "FAILED"},
        "Types": [f"{PREFIX}/{check}"],
        "CreatedAt": time_of_import,
        "UpdatedAt": time_of_import,
        "Severity": {"Label": found["severity"]},
        "Title": f"{resource} does not comply with {check}",
        "Description": found["reasonForNonCompliance"],
        "ProductFields": {"ProviderName": "IoTDeviceDefender", "ProviderVersion": "1.0"},
        "Resources": [{"Id": resource, "Type": "Other", "Partition": "aws", "Region": region}],
        "Workflow": {"Status": "NEW"},
        "RecordState": "ARCHIVED" if found["isSuppressed"] else "ACTIVE",
    }


def import_all(hub, findings):
    for start in range(0, len(findings), BATCH):
        # What failed is forgotten, as the sample forgets it: its ids are the same for several reasons of one check.
        hub.batch_import_findings(Findings=findings[start:start + BATCH])


def bring(iot, hub, task, account, region):
    described = iot.describe_audit_task(taskId=task)
    findings = []
    for check, details in described["auditDetails"].items():
        if details["checkRunStatus"] != "COMPLETED_NON_COMPLIANT":
            continue
        for page in iot.get_paginator("list_audit_findings").paginate(taskId=task, checkName=check):
            findings += [asff(found, account, region) for found in page["findings"]]
    import_all(hub, findings)
    ids = [finding["Id"] for finding in findings]
    gone = []
    filters = {
        "Type": [{"Value": PREFIX, "Comparison": "PREFIX"}],
        "RecordState": [{"Value": "ACTIVE", "Comparison": "EQUALS"}],
    }
    for page in hub.get_paginator("get_findings").paginate(Filters=filters):
        gone += [dict(known, RecordState="ARCHIVED") for known in page["Findings"] if known["Id"] not in ids]
    import_all(hub, gone)
    return len(findings)


def main():
    region = os.environ["AWS_REGION"]
    account = boto3.client("sts").get_caller_identity()["Account"]
    iot, hub = boto3.client("iot"), boto3.client("securityhub")
    start, used = time.monotonic(), time.process_time()
    count = bring(iot, hub, sys.argv[1], account, region)
    print(json.dumps({"findings": count, "seconds": time.monotonic() - start, "cpu": time.process_time() - used}))


if __name__ == "__main__":
    main()
