"""Moto's server, and boto3 to set it up and to read what its Security Hub holds.

Usage: moto_findings.py serve           prints the server's address, and serves until it is killed
       moto_findings.py read ADDRESS    prints the findings' ids with their record states as a JSON object
       moto_findings.py prepare ADDRESS ENDPOINT
                                        sets up what a bridge at ENDPOINT needs in the account, and prints the topic's ARN
"""

import json
import sys
import threading

import boto3


def serve():
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    print(f"http://{host}:{port}", flush=True)
    threading.Event().wait()


def read(address):
    client = boto3.client("securityhub", endpoint_url=address)
    states = {}
    for page in client.get_paginator("get_findings").paginate(PaginationConfig={"PageSize": 100}):
        for finding in page["Findings"]:
            assert finding["Id"] not in states, f"{finding['Id']} is there twice"
            states[finding["Id"]] = finding["RecordState"]
    print(json.dumps(states))


def prepare(address, endpoint):
    sns, sqs, events, hub, s3, trail = (
        boto3.client(service, endpoint_url=address)
        for service in ("sns", "sqs", "events", "securityhub", "s3", "cloudtrail"))
    s3.create_bucket(Bucket="trail")
    trail.create_trail(Name="management-events", S3BucketName="trail", IsMultiRegionTrail=True)
    trail.start_logging(Name="management-events")
    hub.enable_security_hub()
    topic = sns.create_topic(Name="device-defender")["TopicArn"]
    queue = sqs.create_queue(QueueName="undelivered")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    subscription = sns.subscribe(
        TopicArn=topic, Protocol="https", Endpoint=endpoint, ReturnSubscriptionArn=True)["SubscriptionArn"]
    for name, value in [
        ("DeliveryPolicy", {"healthyRetryPolicy": {"numRetries": 50}}),
        ("RedrivePolicy", {"deadLetterTargetArn": arn}),
    ]:
        sns.set_subscription_attributes(
            SubscriptionArn=subscription, AttributeName=name, AttributeValue=json.dumps(value))
    events.put_rule(Name="to-the-bridge", EventPattern=json.dumps({"source": ["aws.iot"]}))
    account, region = topic.split(":")[4], topic.split(":")[3]
    events.put_targets(
        Rule="to-the-bridge",
        Targets=[{"Id": "bridge", "Arn": f"arn:aws:events:{region}:{account}:api-destination/bridge/1"}])
    print(topic)


if __name__ == "__main__":
    {"serve": serve, "read": read, "prepare": prepare}[sys.argv[1]](*sys.argv[2:])
