"""Checks a running bridge against its API description.

Usage: api_check.py openapi.yaml requests.json

requests.json has the servers' addresses by name, and requests with their expected status:
{"servers": {"listen": "127.0.0.1:1", "admin": …},
 "requests": [{"server", "method", "path", "headers", "body" (base64), "status", "valid" (whether the body matches its schema)}]}

Sends every request, and every method on every path of the description. Every response must be described: path, status, header
fields, media type and body. Every described status must occur, except those in "unseen".
"""

import base64
import http.client
import itertools
import json
import re
import sys

import jsonschema
import openapi_spec_validator
import referencing
import referencing.jsonschema
import yaml

METHODS = ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "TRACE", "PATCH"]
ROOT = "urn:openapi"


class Description:
    def __init__(self, path):
        with open(path, encoding="utf-8") as file:
            self.document = yaml.safe_load(file)
        openapi_spec_validator.validate(self.document)
        resource = referencing.Resource(self.document, referencing.jsonschema.DRAFT202012)
        self.registry = referencing.Registry().with_resource(ROOT, resource)
        self.seen = set()

    def resolve(self, node):
        while "$ref" in node:
            target = self.document
            for part in node["$ref"].removeprefix("#/").split("/"):
                target = target[part.replace("~1", "/").replace("~0", "~")]
            node = target
        return node

    def template(self, path):
        """The description's path template that matches a path; the path itself if none does."""
        if path in self.document["paths"]:
            return path
        for template in self.document["paths"]:
            if re.fullmatch(re.sub(r"{\w+}", "[^/]+", template), path):
                return template
        return path

    def methods(self, path):
        return {name.upper() for name in self.document["paths"][path]} & set(METHODS)

    def servers(self, path):
        """The names of the servers of a path."""
        own = self.document["paths"][path].get("servers", self.document["servers"])
        return [server["description"].removesuffix(".address") for server in own]

    def check_schema(self, schema, value, what):
        # Resolve references from the root of the document.
        schema = json.loads(json.dumps(schema).replace('"#/', f'"{ROOT}#/'))
        validator = jsonschema.Draft202012Validator(schema, registry=self.registry)
        for error in validator.iter_errors(value):
            raise AssertionError(f"{what}: {error.message} at {error.json_path}")

    def response(self, path, method, status):
        """The description of a status under the method's operation or, for a method that the path does not allow, under any."""
        item = self.document["paths"].get(path)
        if item is None:
            # An unknown path has only the responses of every path.
            responses = {"default": {"$ref": "#/components/responses/Fault"}}
            operation = None
        else:
            name = "get" if method == "HEAD" else method.lower()
            operation = name if name in item else sorted(set(item) & {"get", "post"})[0]
            responses = item[operation]["responses"]
        key = str(status) if str(status) in responses else "default"
        response = self.resolve(responses[key])
        if key == "default":
            described = set(re.findall(r"\b[45]\d\d\b", response["description"]))
            assert str(status) in described, f"{method} {path}: status {status} is not described"
        else:
            self.seen.add(f"{operation} {path} {key}")
        return response

    def check_response(self, path, method, answer, body):
        what = f"{method} {path} {answer.status}"
        response = self.response(path, method, answer.status)
        for name, header in response.get("headers", {}).items():
            value = answer.getheader(name)
            assert value is not None or not header.get("required"), f"{what}: no {name}"
            if value is not None and header["schema"].get("type") == "integer":
                value = int(value)
            if value is not None:
                self.check_schema(header["schema"], value, f"{what}: {name}")
        content = response.get("content", {})
        media = answer.getheader("Content-Type", "").split(";")[0]
        assert media in content, f"{what}: media type {media} is not one of {list(content)}"
        if method == "HEAD":
            assert body == b"", f"{what}: has a body"
        else:
            value = json.loads(body) if media == "application/json" else body.decode()
            self.check_schema(content[media]["schema"], value, what)
        if media == "text/event-stream" and method != "HEAD":
            self.check_first_event(body.decode(), what)
        if answer.status == 405:
            allowed = self.methods(path) | ({"HEAD"} if "GET" in self.methods(path) else set())
            assert set(answer.getheader("Allow").split(", ")) == allowed, f"{what}: {answer.getheader('Allow')}"

    def check_first_event(self, text, what):
        fields = dict(line.split(": ", 1) for line in text.splitlines())
        assert fields["event"] == "status" and fields["retry"].isdigit(), f"{what}: {text}"
        self.check_schema({"$ref": "#/components/schemas/Status"}, json.loads(fields["data"]), what)

    def check_request(self, request, body):
        item = self.document["paths"].get(self.template(request["path"].split("?")[0]), {})
        operation = item.get(request["method"].lower())
        if operation is None or "valid" not in request:
            return
        content = operation["requestBody"]["content"]
        schema = next(iter(content.values()))["schema"]
        try:
            self.check_schema(schema, json.loads(body), "request")
            valid = True
        except (AssertionError, ValueError):
            valid = False
        assert valid == request["valid"], f"{request['path']}: body is valid: {valid}, status {request['status']}"

    def unseen(self):
        """The described responses that did not occur."""
        every = {
            f"{name} {path} {status}"
            for path, item in self.document["paths"].items()
            for name, operation in item.items()
            if name.upper() in METHODS
            for status in operation["responses"]
            if status != "default"
        }
        return every - self.seen


def send(address, method, path, headers, body):
    connection = http.client.HTTPConnection(address, timeout=30)
    connection.putrequest(method, path, skip_accept_encoding=True, skip_host="Host" in headers)
    for name, value in headers.items():
        connection.putheader(name, value)
    if body is not None:
        connection.putheader("Content-Length", str(len(body)))
    connection.endheaders()
    if body:
        try:
            connection.send(body)
        except (BrokenPipeError, ConnectionResetError):
            # The response to a body that is too large arrives before its end.
            pass
    answer = connection.getresponse()
    if answer.getheader("Content-Type") == "text/event-stream":
        # An event stream does not end; read the first event only.
        content = b"".join(iter(answer.readline, b"\n")) if method != "HEAD" else b""
    else:
        content = answer.read()
    connection.close()
    return answer, content


def main(description_path, requests_path):
    description = Description(description_path)
    with open(requests_path, encoding="utf-8") as file:
        plan = json.load(file)
    count = 0
    for request in plan["requests"]:
        body = base64.b64decode(request["body"]) if "body" in request else None
        description.check_request(request, body)
        answer, content = send(
            plan["servers"][request["server"]], request["method"], request["path"], request.get("headers", {}), body
        )
        what = f"{request['method']} {request['path'][:60]}"
        assert answer.status == request["status"], f"{what}: {answer.status} {content!r}"
        path = description.template(request["path"].split("?")[0])
        description.check_response(path, request["method"], answer, content)
        count += 1
    for path in description.document["paths"]:
        servers = description.servers(path)
        for method, server in itertools.product(METHODS, servers):
            address = plan["servers"][server]
            concrete = re.sub(r"{\w+}", "1", path)
            answer, content = send(address, method, concrete, {}, b"" if method in ("POST", "PUT", "PATCH") else None)
            is_allowed = method in description.methods(path) or (method == "HEAD" and "GET" in description.methods(path))
            assert (answer.status == 405) == (not is_allowed), f"{method} {path}: {answer.status}"
            description.check_response(path, method, answer, content)
            count += 1
        for other in plan["servers"].keys() - servers:
            answer, _ = send(plan["servers"][other], "GET", concrete, {}, None)
            assert answer.status == 404, f"{path} is also on the server {other}: {answer.status}"
    unseen = description.unseen()
    assert unseen == set(plan["unseen"]), f"described responses that did not occur: {sorted(unseen ^ set(plan['unseen']))}"
    print(f"{count} responses are as described")


if __name__ == "__main__":
    main(*sys.argv[1:])
