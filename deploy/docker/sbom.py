"""Prints the software bill of materials of the image, in CycloneDX 1.6 (JSON). Equal inputs give equal output.

The components are the installed Debian packages (--packages: dpkg's status file), the Swift packages that the program was built
from (--resolved: Package.resolved) and the Swift libraries, which are linked statically.
"""

import argparse
import hashlib
import json
import pathlib
import re
import subprocess
import urllib.parse
import uuid


def component(kind, name, version, purl, **more):
    return {"type": kind, "bom-ref": purl, "name": name, "version": version, "purl": purl, **more}


def debian_packages(status):
    """The installed packages of a status file of dpkg."""
    for paragraph in status.split("\n\n"):
        fields = dict(re.findall(r"^([A-Za-z-]+): (.*)$", paragraph, re.MULTILINE))
        if fields.get("Status", "").endswith(" installed"):
            name, version = fields["Package"], fields["Version"]
            source, _, other = fields.get("Source", name).partition(" ")
            quoted = [urllib.parse.quote(part, safe="") for part in (name, version)]
            upstream = {"name": "debian:source", "value": f"{source} {other.strip('()') or version}"}
            purl = f"pkg:deb/debian/{quoted[0]}@{quoted[1]}?arch={fields['Architecture']}&distro=debian-12"
            yield component("library", name, version, purl, properties=[upstream])


def swift_packages(resolved):
    """The pinned packages of Package.resolved."""
    for pin in resolved["pins"]:
        location = re.sub(r"^https://|\.git$", "", pin["location"])
        name, state = location.rpartition("/")[2], pin["state"]
        version = state.get("version") or state["revision"]
        commit = [{"name": "git:commit", "value": state["revision"]}] if "revision" in state else []
        sources = [{"type": "vcs", "url": pin["location"]}]
        yield component("library", name, version, f"pkg:swift/{location}@{version}", externalReferences=sources, properties=commit)


def swift_version():
    output = subprocess.run(["swift", "--version"], capture_output=True, text=True, check=True).stdout
    return re.search(r"Swift version (\S+)", output)[1]


def bill(arguments):
    swift = swift_version()
    libraries = component("library", "swift", swift, f"pkg:swift/github.com/swiftlang/swift@{swift}")
    found = [
        *debian_packages(arguments.packages.read_text(encoding="utf-8")),
        *swift_packages(json.loads(arguments.resolved.read_text(encoding="utf-8"))),
        libraries,
    ]
    program = component(
        "application", "defender-bridge", arguments.version, f"pkg:generic/defender-bridge@{arguments.version}",
        hashes=[{"alg": "SHA-256", "content": hashlib.sha256(arguments.program.read_bytes()).hexdigest()}],
        properties=[
            {"name": name, "value": value}
            for name, value in (("git:commit", arguments.commit), ("oci:architecture", arguments.architecture))
            if value
        ],
    )
    references = sorted(each["bom-ref"] for each in found)
    document = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": program} | ({"timestamp": arguments.date} if arguments.date else {}),
        "components": sorted(found, key=lambda each: each["bom-ref"]),
        "dependencies": [{"ref": program["bom-ref"], "dependsOn": references}],
    }
    number = uuid.uuid5(uuid.NAMESPACE_URL, json.dumps(document, sort_keys=True))
    return document | {"serialNumber": f"urn:uuid:{number}"}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Prints the software bill of materials of the image in CycloneDX 1.6 (JSON).")
    for name in ("version", "commit", "date", "architecture"):
        parser.add_argument(f"--{name}", default="")
    for name in ("packages", "resolved", "program"):
        parser.add_argument(f"--{name}", type=pathlib.Path, required=True)
    print(json.dumps(bill(parser.parse_args()), indent=2))
