#!/usr/bin/env python3
"""Validates every golden finding against Security Hub's own model of BatchImportFindings, as shipped with botocore.

Usage: validate_goldens.py [folder]; the default folder is Goldens next to this file.
Needs botocore. Exits with 1 if a finding breaks a rule, or if there are no findings.
"""

import json
import pathlib
import re
import sys

import botocore.session
import botocore.validate

TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:?\d\d)")
TYPE = re.compile(r"([^/]+)(/[^/]+){0,2}")
NAMESPACES = {
    "Software and Configuration Checks",
    "TTPs",
    "Effects",
    "Unusual Behaviors",
    "Sensitive Data Identifications",
}
# Lengths that only the model's documentation has. Those of Details.Other are exclusive.
LENGTHS = {
    "Id": 512,
    "ProductArn": 2048,
    "GeneratorId": 512,
    "AwsAccountId": 12,
    "Title": 256,
    "Description": 1024,
    "SourceUrl": 2048,
    "Severity.Original": 64,
    "FindingProviderFields.Severity.Original": 64,
    "Remediation.Recommendation.Text": 512,
    "Remediation.Recommendation.Url": 2048,
    "Resources.Type": 256,
    "Resources.Id": 512,
    "Resources.Region": 16,
    "Types": 512,
}
MAPS = {"ProductFields": (50, 128, 2048), "Resources.Details.Other": (50, 127, 1023)}
LISTS = {"Types": (1, 50), "FindingProviderFields.Types": (1, 50), "Resources": (1, 32)}
MAXIMUM_BYTES = 240_000


def length(text):
    """The length in UTF-16 code units, the strictest reading of a limit in characters."""
    return len(text.encode("utf-16-le")) // 2


def model_violations(value, shape, path):
    """Checks what botocore's validator does not: unknown members, enumerations, patterns and upper limits."""
    if shape.type_name == "structure":
        for name, member in value.items():
            if name not in shape.members:
                yield f"{path}.{name} is not in the model"
            else:
                yield from model_violations(member, shape.members[name], f"{path}.{name}")
    elif shape.type_name == "list":
        if len(value) > shape.metadata.get("max", len(value)):
            yield f"{path} has too many elements"
        for element in value:
            yield from model_violations(element, shape.member, path)
    elif shape.type_name == "map":
        for key, element in value.items():
            yield from model_violations(key, shape.key, f"{path} key")
            yield from model_violations(element, shape.value, f"{path}.{key}")
    elif shape.type_name == "string":
        if getattr(shape, "enum", None) and value not in shape.enum:
            yield f"{path} is not one of the model's words: {value!r}"
        pattern = shape.metadata.get("pattern")
        if pattern and not re.fullmatch(pattern, value):
            yield f"{path} does not match {pattern}: {value!r}"
        if length(value) > shape.metadata.get("max", length(value)):
            yield f"{path} is too long"


def texts(value, path=""):
    """Every string with its path, without list indices."""
    if isinstance(value, dict):
        for name, member in value.items():
            yield from texts(member, f"{path}.{name}" if path else name)
    elif isinstance(value, list):
        for element in value:
            yield from texts(element, path)
    elif isinstance(value, str):
        yield path, value


def member(value, path):
    """The member at a path, using the first element of lists; None if there is none."""
    for name in path.split("."):
        if isinstance(value, list):
            value = value[0] if value else None
        value = value.get(name) if isinstance(value, dict) else None
    return value


def documented_violations(finding):
    """Checks the rules that the model does not have, or only in its documentation."""
    for path, text in texts(finding):
        if not 1 <= length(text) <= LENGTHS.get(path, 2048):
            yield f"{path} is empty or longer than {LENGTHS.get(path, 2048)}"
        if not text.strip():
            yield f"{path} is blank"
    for name in ("CreatedAt", "UpdatedAt", "FirstObservedAt", "LastObservedAt"):
        if not TIMESTAMP.fullmatch(str(finding.get(name))):
            yield f"{name} is not a timestamp: {finding.get(name)!r}"
    for path, (least, most) in LISTS.items():
        if path != "Resources" and "Types" not in finding:
            continue
        if not least <= len(member(finding, path) or []) <= most:
            yield f"{path} has not {least} to {most} elements"
    for path, (entries, key_limit, value_limit) in MAPS.items():
        entries_found = member(finding, path) or {}
        if len(entries_found) > entries:
            yield f"{path} has more than {entries} entries"
        for key, value in entries_found.items():
            if not 1 <= length(key) <= key_limit or not 1 <= length(value) <= value_limit:
                yield f"{path}.{key} or its value is empty or too long"
    for name in finding.get("Types", []):
        if not TYPE.fullmatch(name) or name.split("/")[0] not in NAMESPACES:
            yield f"Types has a malformed type: {name!r}"
    if finding.get("FindingProviderFields", {}).get("Types") != finding.get("Types"):
        yield "FindingProviderFields.Types differs from Types"
    if finding.get("FindingProviderFields", {}).get("Severity") != finding.get("Severity"):
        yield "FindingProviderFields.Severity differs from Severity"
    for path in ("SourceUrl", "Remediation.Recommendation.Url"):
        url = member(finding, path)
        if url is not None and not re.fullmatch(r"https?://[!-~]+", url):
            yield f"{path} is not an address"
    arn = str(finding.get("ProductArn")).split(":", 5)
    account = finding.get("AwsAccountId")
    if len(arn) != 6 or arn[4] != account or arn[5] != f"product/{account}/default":
        yield "ProductArn is not that of the account's own product"
    if finding.get("SchemaVersion") != "2018-10-08":
        yield "SchemaVersion is not 2018-10-08"
    if len(json.dumps(finding, ensure_ascii=False, separators=(",", ":")).encode()) > MAXIMUM_BYTES:
        yield "the finding is larger than 240 KB"


def violations(finding, shape):
    report = botocore.validate.ParamValidator().validate({"Findings": [finding]}, shape)
    if report.has_errors():
        # A finding with wrong types cannot be checked further.
        return [report.generate_report()]
    element = shape.members["Findings"].member
    return [*model_violations(finding, element, "Finding"), *documented_violations(finding)]


def main(arguments):
    folder = pathlib.Path(arguments[0]) if arguments else pathlib.Path(__file__).parent / "Goldens"
    files = sorted(folder.glob("*.json"))
    if not files:
        print(f"no golden finding in {folder}", file=sys.stderr)
        return 1
    model = botocore.session.get_session().get_service_model("securityhub")
    shape = model.operation_model("BatchImportFindings").input_shape
    count = 0
    for file in files:
        for violation in violations(json.loads(file.read_text("utf-8")), shape):
            count += 1
            print(f"{file.name}: {violation}", file=sys.stderr)
    print(f"{len(files)} findings, {count} violations")
    return 1 if count else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
