"""Sends the states of a CloudWatch alarm with boto3.

Usage: send_by_boto3.py publish TOPIC ALARM            publishes to a topic that the alarm is in ALARM
       send_by_boto3.py events ADDRESS PATTERN ALARM   puts the event that the alarm is OK, and an event of another alarm, on a bus
                                                       of moto at ADDRESS; prints what a rule with the pattern sends to its target
"""

import json
import sys

import boto3


def publish(topic, alarm):
    message = {
        "AlarmName": alarm.rpartition(":")[2], "AlarmDescription": "Messages wait.", "AWSAccountId": alarm.split(":")[4],
        "NewStateValue": "ALARM", "NewStateReason": "Threshold Crossed.", "StateChangeTime": "2026-06-10T12:20:15.000+0000",
        "AlarmArn": alarm, "OldStateValue": "OK",
    }
    boto3.client("sns").publish(TopicArn=topic, Message=json.dumps(message), Subject="ALARM: a queue")


def events(address, pattern, alarm):
    sqs, bus = (boto3.client(service, endpoint_url=address) for service in ("sqs", "events"))
    queue = sqs.create_queue(QueueName="target")["QueueUrl"]
    target = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    bus.put_rule(Name="to-the-bridge", EventPattern=pattern)
    bus.put_targets(Rule="to-the-bridge", Targets=[{"Id": "queue", "Arn": target}])
    for arn in (alarm, alarm.replace(":alarm:", ":alarm:other-")):
        detail = {
            "alarmName": arn.rpartition(":")[2],
            "state": {"value": "OK", "reason": "Threshold Crossed.", "timestamp": "2026-06-10T12:30:15.001+0000"},
        }
        answer = bus.put_events(Entries=[{
            "Source": "aws.cloudwatch", "DetailType": "CloudWatch Alarm State Change", "Resources": [arn],
            "Detail": json.dumps(detail),
        }])
        assert answer["FailedEntryCount"] == 0, answer
    for message in sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10)["Messages"]:
        # Moto leaves the account out of what it sends to a target.
        print(json.dumps(json.loads(message["Body"]) | {"account": alarm.split(":")[4]}))


if __name__ == "__main__":
    {"publish": publish, "events": events}[sys.argv[1]](*sys.argv[2:])
