"""Moto's server, and boto3 to read what its Security Hub holds.

Usage: moto_findings.py serve          prints the server's address, and serves until it is killed
       moto_findings.py read ADDRESS   prints the findings' ids with their record states as a JSON object
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


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        serve()
    else:
        read(sys.argv[2])
