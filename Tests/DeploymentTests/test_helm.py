"""The Helm chart: rendered by Helm's own library, validated with Kubernetes's schemas, and compared with the Kustomize overlays."""

import json
import pathlib
import re
import subprocess
import unittest

import chart
import helm_python
import jsonschema
import kubernetes_validate
import yaml
from cloudcoil.models.prometheus_operator import v1 as prometheus_operator

EXAMPLES = sorted(path.stem for path in (chart.CHART / "examples").glob("*.yaml"))
# Kinds that Kubernetes itself does not have.
CUSTOM = {"HTTPRoute", "PodMonitor", "PrometheusRule"}
BOTH = {"monitoring": {"podMonitor": {"enabled": True}, "prometheusRule": {"enabled": True}}}
POSTGRESQL = {"store": {"type": "postgresql", "postgresql": {"url": "postgresql://bridge@example.com/bridge"}}}


def by_kind(given, **release):
    return {(each["kind"], each["metadata"]["name"]): each for each in chart.objects(given, **release)}


def comparable(objects):
    """Objects as Helm and Kustomize both have them: without labels of the release and the hash of the configuration."""
    found = {}
    for each in objects:
        name = re.sub(r"-[a-z0-9]{10}$", "", each["metadata"]["name"]) if each["kind"] == "ConfigMap" else each["metadata"]["name"]
        text = json.dumps(each)
        text = text.replace(f'"{each["metadata"]["name"]}"', f'"{name}"') if each["kind"] == "ConfigMap" else text
        text = re.sub(r'("configMap": \{"name": "defender-bridge)-[a-z0-9]{10}"', r'\1"', text)
        found[each["kind"], name] = without(json.loads(text))
    return found


def without(value):
    """A value without what only Helm or only Kustomize adds; lists of named values in the order of their names."""
    if isinstance(value, dict):
        found = {}
        for key, each in value.items():
            if f"{key}:".startswith(tuple(name for name in chart.OF_RELEASE if "/" in name)) or key.startswith(("helm.sh/", "checksum/")):
                continue
            if key == "bridge.yaml":
                each = yaml.safe_load(each)
            each = without(each)
            if each != {} or key != "annotations":
                found[key] = each
        return found
    if isinstance(value, list):
        return sorted((without(each) for each in value), key=lambda each: json.dumps(each, sort_keys=True))
    return value


class ChartTests(unittest.TestCase):
    def check(self, each):
        if each["kind"] not in CUSTOM:
            kubernetes_validate.validate(each, "1.30", strict=True)
        elif each["kind"] != "HTTPRoute":
            model = getattr(prometheus_operator, each["kind"]).model_validate(each)
            # The model ignores unknown members.
            self.assertEqual(set(each["spec"]), set(model.spec.model_dump(by_alias=True, exclude_unset=True)))

    def test_helm_lint_accepts_the_chart(self):
        for given in [{}, *map(chart.values, EXAMPLES)]:
            report = helm_python.lint(chart.CHART, given, strict=True, kube_version="v1.30.0")
            problems = [each for each in report["messages"] if each["error"] != "icon is recommended"]
            self.assertEqual((problems, report["errors"]), ([], []))

    def test_objects_conform_to_the_schemas(self):
        self.assertGreater(len(EXAMPLES), 3)
        every = {
            "namespace": {"create": True}, "imagePullSecrets": [{"name": "registry"}], "image": {"digest": f"sha256:{'0' * 64}"},
            "env": [{"name": "HTTPS_PROXY", "value": "http://proxy.example.com:3128"}], "podAnnotations": {"a": "b"},
            "nodeSelector": {"kubernetes.io/arch": "arm64"}, "tolerations": [{"key": "a", "operator": "Exists"}],
            "affinity": {"podAntiAffinity": {}}, "priorityClassName": "system-cluster-critical",
            "networkPolicy": {"extraEgressPorts": [3128]}, "ingress": {"enabled": True, "tlsSecretName": "certificate"},
            "secret": {"adminToken": "admin-token"}, "mappings": {"line-guard.yaml": "a: b\nc: d\n"}, **BOTH, **POSTGRESQL,
        }
        for name, given in [("defaults", {}), ("every value", every)] + [(name, chart.values(name)) for name in EXAMPLES]:
            for release in ({}, {"release": "security", "namespace": "iot"}):
                for each in chart.objects(given, **release):
                    with self.subTest(values=name, kind=each["kind"]):
                        self.check(each)
                        self.assertEqual(each["metadata"].get("namespace", "iot"), release.get("namespace", each["metadata"].get("namespace", "iot")))

    def test_overlays_have_the_same_objects(self):
        for name in ("sqlite-single", "postgresql-scaled"):
            run = subprocess.run(
                ["kubectl", "kustomize", str(chart.KUBERNETES / "overlays" / name)], capture_output=True, text=True, check=True
            )
            given = {**chart.values(name), "namespace": {"create": True}}
            overlay, rendered = comparable(yaml.safe_load_all(run.stdout)), comparable(chart.objects(given))
            self.assertEqual(sorted(overlay), sorted(rendered), name)
            for key, each in rendered.items():
                with self.subTest(overlay=name, kind=key[0]):
                    self.assertEqual(overlay[key], each)

    def test_generated_files_are_current(self):
        files = chart.generated()
        for path, content in files.items():
            current = path.read_text(encoding="utf-8") if path.exists() else None
            self.assertEqual(current, content, f"run Tests/scripts/generate-kubernetes.sh to update {path}")
        base = set((chart.KUBERNETES / "base").glob("*.yaml"))
        self.assertEqual(base - set(files), set(), "no longer in the chart")

    def test_the_alert_rules_are_those_of_prometheus(self):
        (rule,) = [each for each in chart.objects(BOTH) if each["kind"] == "PrometheusRule"]
        self.assertEqual(rule["spec"], yaml.safe_load((chart.DEPLOY / "prometheus/alerts.yaml").read_text()))

    def test_the_pod_monitor_scrapes_the_job_of_the_alerts(self):
        objects = chart.objects(BOTH)
        (monitor,) = [each for each in objects if each["kind"] == "PodMonitor"]
        (deployment,) = [each for each in objects if each["kind"] == "Deployment"]
        labels = deployment["spec"]["template"]["metadata"]["labels"]
        self.assertEqual(labels[monitor["spec"]["jobLabel"]], "defender-bridge")
        self.assertLessEqual(monitor["spec"]["selector"]["matchLabels"].items(), labels.items())
        (endpoint,) = monitor["spec"]["podMetricsEndpoints"]
        (container,) = deployment["spec"]["template"]["spec"]["containers"]
        self.assertIn(endpoint["port"], [port["name"] for port in container["ports"]])

    def test_optional_objects_are_off_by_default(self):
        kinds = sorted(each["kind"] for each in chart.objects({}))
        self.assertEqual(
            kinds,
            ["ConfigMap", "Deployment", "NetworkPolicy", "PersistentVolumeClaim", "PodDisruptionBudget", "Service", "Service", "ServiceAccount"],
        )

    def test_two_releases_share_a_namespace(self):
        first, second = by_kind({}), by_kind({}, release="plant")
        self.assertEqual(set(first) & set(second), set())
        selectors = [objects["Deployment", name]["spec"]["selector"] for objects, name in ((first, "defender-bridge"), (second, "plant-defender-bridge"))]
        self.assertNotEqual(*selectors)

    def test_a_changed_configuration_starts_new_pods(self):
        def annotations(configuration):
            return by_kind({"configuration": configuration})["Deployment", "defender-bridge"]["spec"]["template"]["metadata"]["annotations"]

        self.assertNotEqual(annotations({}), annotations({"log": {"level": "debug"}}))

    def test_the_configuration_keeps_its_types(self):
        configuration = {
            "sns": {"accounts": ["001122334455", "111122223333"], "topics": ["arn:aws:sns:eu-central-1:*:a"]},
            "aws": {"externalId": "0123456789"},
            "store": {"maxPending": 1000000000},
            "securityHub": {"requestsPerSecond": 0.5},
            "mapping": {"checkSummaries": False, "severities": ["*/MessagesSent=LOW"]},
            "sources": {"a": {"mapping": "a.yaml", "events": [{"source": ["aws.cloudwatch"]}], "accounts": ["001122334455"]}},
        }
        mapping = "# A comment\nname: a\n\nlines: |\n  x\n    y\n"
        data = by_kind({"configuration": configuration, "mappings": {"a.yaml": mapping}})["ConfigMap", "defender-bridge"]["data"]
        found = yaml.safe_load(data["bridge.yaml"])
        found["sns"].pop("minimumSignatureVersion")
        self.assertEqual(found, configuration)
        self.assertEqual(data["a.yaml"], mapping)

    def test_an_empty_configuration_is_rendered(self):
        for configuration in (None, {}, {"listen": None}):
            self.assertEqual(len(chart.objects({"configuration": configuration})), len(chart.objects({})))

    def test_probes_use_the_admin_port_with_the_proxy_protocol(self):
        given = {"configuration": {"listen": {"proxyProtocol": True, "trustedProxies": ["10.0.0.0/8"]}}}
        (container,) = by_kind(given)["Deployment", "defender-bridge"]["spec"]["template"]["spec"]["containers"]
        self.assertEqual({container[f"{name}Probe"]["httpGet"]["port"] for name in ("startup", "liveness", "readiness")}, {"admin"})


class ValuesTests(unittest.TestCase):
    def rejected(self, given):
        with self.assertRaises(helm_python.HelmError) as caught:
            chart.templates(given)
        return str(caught.exception)

    def test_invalid_values_are_rejected(self):
        configuration = {
            "/configuration/sns": {"sns": {"topic": []}},
            "/configuration/eventBridge": {"eventBridge": {"apiKey": "0123456789abcdef"}},
            "/configuration/listen": {"listen": {"address": "0.0.0.0:8080"}},
            "/configuration/store": {"store": {"url": "sqlite:///a"}},
            "/configuration/sources/a/webhook/auth/bearer": {
                "sources": {"a": {"mapping": "alertmanager", "webhook": {"auth": {"bearer": {"token": "0123456789abcdef"}}}}}
            },
        }
        for place, given in configuration.items():
            self.assertIn(f"'{place}': additional properties", self.rejected({"configuration": given}), place)
        for place, given in {
            "/replicas": {"replicas": 2},
            "/store/type": {"store": {"type": "mysql"}},
            "/store/postgresql/url": {"store": {"type": "postgresql"}},
            "/image/digest": {"image": {"digest": "latest"}},
            "/serviceAccount/roleArn": {"serviceAccount": {"roleArn": "defender-bridge"}},
            "/env/0/name": {"env": [{"name": "BRIDGE_ADMIN_ADDRESS", "value": "127.0.0.1:9090"}]},
            "/httpRoute/parentRefs": {"httpRoute": {"enabled": True}},
            "bridge.yaml": {"mappings": {"bridge.yaml": "a: b"}},
            "replicaCount": {"replicaCount": 1},
        }.items():
            self.assertIn(place, self.rejected(given), place)
        password = {"store": {"type": "postgresql", "postgresql": {"url": "postgresql://bridge:secret@example.com/bridge"}}}
        self.assertIn("/store/postgresql/url", self.rejected(password))

    def test_the_schema_is_valid_and_describes_every_value(self):
        schema = json.loads((chart.CHART / "values.schema.json").read_text())
        jsonschema.Draft7Validator.check_schema(schema)
        # Keywords of later drafts, which helm 3 would ignore.
        self.assertNotRegex(json.dumps(schema), '"(prefixItems|unevaluated\\w+|dependentSchemas|minContains)"')

        def check(part, value, place):
            self.assertEqual(set(part.get("properties", {})), set(value), place)
            for name, each in value.items():
                if isinstance(each, dict) and "properties" in part["properties"][name] and name not in ("configuration", "resources"):
                    check(part["properties"][name], each, f"{place}.{name}")

        check(schema, yaml.safe_load((chart.CHART / "values.yaml").read_text()), "values")

    def test_names_of_configuration_and_secrets_are_those_of_the_program(self):
        configuration = json.loads((chart.DEPLOY / "docs/bridge.schema.json").read_text())["properties"]
        for group, names in chart.SET_BY_CHART.items():
            self.assertLessEqual(set(names), set(configuration[group]["properties"]), group)


if __name__ == "__main__":
    unittest.main()
