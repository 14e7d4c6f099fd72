"""A stand-in for AWS STS, a container endpoint and an instance metadata service; asks boto3 for its identity.

    identities.py serve        serves on a free port, which it prints, until its standard input ends
    identities.py boto3 PORT   reads a list of environments as JSON, prints botocore's identity for each
"""

import hashlib
import http.server
import json
import os
import re
import sys
import threading
import urllib.parse


def identity(*parts):
    digest = hashlib.sha256(json.dumps(parts).encode()).hexdigest()
    return "ASIA" + digest[:16].upper(), digest[16:56], f"{digest}+/=="


END = "2999-01-01T00:00:00Z"


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self, status, text):
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        given = dict(urllib.parse.parse_qsl(body, keep_blank_values=True))
        if "forbidden" in given["RoleArn"]:
            return self.answer(
                403, "<ErrorResponse><Error><Code>AccessDenied</Code><Message>not you</Message></Error></ErrorResponse>"
            )
        action = given.pop("Action")
        # Both clients have names of their own for sessions without one.
        if given["RoleSessionName"].startswith(("botocore-session-", "defender-bridge")):
            del given["RoleSessionName"]
        caller = re.search("Credential=([^/]*)/", self.headers.get("Authorization", ""))
        assert (caller is None) == (action == "AssumeRoleWithWebIdentity"), "signed if and only if it must be"
        key, secret, token = identity(
            action, sorted(given.items()), caller and caller[1], self.headers.get("X-Amz-Security-Token")
        )
        self.answer(
            200,
            f"<{action}Response><{action}Result><Credentials><AccessKeyId>{key}</AccessKeyId><SecretAccessKey>{secret}"
            f"</SecretAccessKey><SessionToken>{token}</SessionToken><Expiration>{END}</Expiration></Credentials>"
            f"<AssumedRoleUser><Arn>{given['RoleArn']}</Arn></AssumedRoleUser></{action}Result></{action}Response>",
        )

    def do_PUT(self):
        if self.path == "/latest/api/token" and self.headers["x-aws-ec2-metadata-token-ttl-seconds"] == "21600":
            return self.answer(200, "the-metadata-token")
        self.answer(404, "")

    def do_GET(self):
        if self.path.startswith("/container"):
            if "missing" in self.path:
                return self.answer(404, "{}")
            key, secret, token = identity("container", self.path, self.headers.get("Authorization"))
            return self.answer(200, json.dumps(
                {"AccessKeyId": key, "SecretAccessKey": secret, "Token": token, "Expiration": END, "RoleArn": "x"}
            ))
        path = self.path.removeprefix("/latest/meta-data/iam/security-credentials/")
        if self.headers["x-aws-ec2-metadata-token"] != "the-metadata-token":
            return self.answer(401, "")
        if path == "":
            return self.answer(200, "the-role")
        key, secret, token = identity("instance", path)
        self.answer(200, json.dumps({
            "Code": "Success", "Type": "AWS-HMAC", "LastUpdated": "2026-11-22T10:00:00Z",
            "AccessKeyId": key, "SecretAccessKey": secret, "Token": token, "Expiration": END,
        }))

    def log_message(self, *arguments):
        pass


def serve():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(server.server_port, flush=True)
    sys.stdin.read()
    os._exit(0)


def ask_boto3(port):
    import botocore.session
    import botocore.utils

    botocore.utils.ContainerMetadataFetcher.IP_ADDRESS = f"127.0.0.1:{port}"
    botocore.utils.ContainerMetadataFetcher.SLEEP_TIME = 0
    path = os.environ["PATH"]
    answers = []
    for environment in json.load(sys.stdin):
        os.environ.clear()
        os.environ.update(environment, PATH=path)
        try:
            found = botocore.session.Session().get_credentials().get_frozen_credentials()
            answers.append([found.access_key, found.secret_key, found.token or ""])
        except Exception as error:
            answers.append([type(error).__name__])
    print(json.dumps(answers))


if sys.argv[1] == "serve":
    serve()
else:
    ask_boto3(sys.argv[2])
