"""The Helm chart, rendered by Helm's own library, and the files that are generated from it.

    python3 chart.py

updates the Kustomize base, the generated parts of components, and the configuration in values.schema.json.
Tests/scripts/generate-kubernetes.sh runs it.
"""

import copy
import json
import pathlib

import helm_python
import yaml

REPOSITORY = pathlib.Path(__file__).parents[2]
DEPLOY = REPOSITORY / "deploy"
CHART = DEPLOY / "helm"
KUBERNETES = DEPLOY / "kubernetes"
NAME = "defender-bridge"
# What a Helm release adds to objects: labels, and the namespace, which the overlay sets in Kustomize.
OF_RELEASE = (
    "app.kubernetes.io/instance:", "app.kubernetes.io/version:", "app.kubernetes.io/managed-by:", "helm.sh/chart:", "namespace:",
)
HEADER = "# Generated from deploy/helm by Tests/scripts/generate-kubernetes.sh.\n"
# Keys that the chart sets itself.
SET_BY_CHART = {
    "admin": ["address", "tokenFile"],
    "eventBridge": ["apiKeyFile"],
    "listen": ["address", "tls"],
    "store": ["url", "urlFile"],
}
# Values of the base: what overlays set is left out.
OF_BASE = {"namespace": {"create": True}, "store": {"type": "custom"}}
# Values of each component, with the templates that it consists of.
COMPONENTS = {
    "prometheus-operator": (
        {"monitoring": {"podMonitor": {"enabled": True}, "prometheusRule": {"enabled": True}}},
        ["pod-monitor", "prometheus-rule"],
    ),
    "ingress": (
        {
            "ingress": {
                "enabled": True,
                "annotations": {
                    "alb.ingress.kubernetes.io/scheme": "internet-facing",
                    "alb.ingress.kubernetes.io/target-type": "ip",
                    "alb.ingress.kubernetes.io/listen-ports": '[{"HTTPS": 443}]',
                    "alb.ingress.kubernetes.io/ssl-policy": "ELBSecurityPolicy-TLS13-1-2-2021-06",
                    "alb.ingress.kubernetes.io/healthcheck-path": "/readyz",
                    "alb.ingress.kubernetes.io/load-balancer-attributes": "routing.http.drop_invalid_header_fields.enabled=true",
                },
            }
        },
        ["ingress"],
    ),
    "gateway": ({"httpRoute": {"enabled": True, "parentRefs": [{"name": NAME}]}}, ["http-route"]),
}


def values(name):
    """The values of deploy/helm/examples."""
    return yaml.safe_load((CHART / "examples" / f"{name}.yaml").read_text(encoding="utf-8"))


def templates(given, release=NAME, namespace=NAME):
    """The rendered templates, by their names without ending. Values that the schema rejects raise helm_python.HelmError."""
    with helm_python.Chart.load(CHART) as chart:
        chart.validate_schema(given)
        found = chart.render(given, name=release, namespace=namespace)
    return {pathlib.Path(path).stem: text for path, text in found.items() if path.endswith(".yaml") and text.strip()}


def objects(given, **release):
    """The rendered objects."""
    return [yaml.safe_load(text) for text in templates(given, **release).values()]


def without_release(text):
    """A rendered template without the labels of a release and what depends on them."""
    lines = [line.rstrip() for line in text.strip().splitlines() if not line.strip().startswith(OF_RELEASE)]
    kept = "\n".join(lines) + "\n"
    # The base has no annotations of pods: Kustomize appends a hash to the name of the configuration.
    begin, end = kept.find("      annotations:\n        # A changed"), kept.find("    spec:\n      serviceAccountName")
    return kept if begin < 0 else kept[:begin] + kept[end:]


def schema():
    """values.schema.json with the current schema of the configuration: without what the chart sets, and without secrets."""
    found = json.loads((CHART / "values.schema.json").read_text(encoding="utf-8"))
    configuration = json.loads((DEPLOY / "docs/bridge.schema.json").read_text(encoding="utf-8"))
    definitions = configuration.pop("$defs")
    for name in ("$schema", "title", "description", "patternProperties"):
        del configuration[name]
    for group, names in SET_BY_CHART.items():
        for name in names:
            configuration["properties"][group]["properties"].pop(name, None)
    # Secrets belong into the Secret: only the keys that name files remain.
    for part in (configuration, definitions["source"]):
        remove_secrets(part)
    for name in SET_BY_CHART["eventBridge"]:
        configuration["properties"]["eventBridge"]["properties"].pop(name.removesuffix("File"), None)
    for group in ("admin", "store"):
        for name in SET_BY_CHART[group]:
            configuration["properties"][group]["properties"].pop(name.removesuffix("File"), None)
    used = json.dumps([configuration, definitions["source"]])
    found["properties"]["configuration"] = configuration
    found["$defs"] = {name: each for name, each in definitions.items() if f"#/$defs/{name}\"" in used}
    return json.dumps(found, indent=2, ensure_ascii=False) + "\n"


def remove_secrets(part):
    """Removes each property for which there is one with File appended."""
    if isinstance(part, dict):
        properties = part.get("properties", {})
        for name in [name for name in properties if f"{name}File" in properties]:
            del properties[name]
        for each in part.values():
            remove_secrets(each)
    elif isinstance(part, list):
        for each in part:
            remove_secrets(each)


def generated():
    """The generated files with their content."""
    files = {CHART / "values.schema.json": schema()}
    names = []
    for name, text in templates(OF_BASE).items():
        # Overlays generate it from a file.
        if name != "config-map":
            names.append(name)
            files[KUBERNETES / "base" / f"{name}.yaml"] = HEADER + without_release(text)
    order = sorted(names, key=lambda name: (name != "namespace", name))
    listing = "".join(f"  - {name}.yaml\n" for name in order)
    files[KUBERNETES / "base/kustomization.yaml"] = (
        f"{HEADER}apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources:\n{listing}"
    )
    for component, (given, parts) in COMPONENTS.items():
        rendered = templates({**copy.deepcopy(OF_BASE), **given})
        for part in parts:
            files[KUBERNETES / "components" / component / f"{part}.yaml"] = HEADER + without_release(rendered[part])
    return files


if __name__ == "__main__":
    for path in (KUBERNETES / "base").glob("*.yaml"):
        path.unlink()
    for path, content in generated().items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
