"""The Kubernetes manifests and the Compose file: rendered by kubectl, validated with Kubernetes's schemas. test_helm.py has the chart."""

import os
import pathlib
import subprocess
import tempfile
import unittest
import urllib.parse

import kubernetes_validate
import yaml

DEPLOY = pathlib.Path(__file__).parents[2] / "deploy"
PROGRAM = DEPLOY.parent / ".build/debug/defender-bridge"
OVERLAYS = ("sqlite-single", "postgresql-scaled")


def rendered(overlay):
    """The objects of an overlay by kind."""
    run = subprocess.run(
        ["kubectl", "kustomize", str(DEPLOY / "kubernetes/overlays" / overlay)], capture_output=True, text=True, check=True
    )
    objects = list(yaml.safe_load_all(run.stdout))
    # The second Service is that of the admin port.
    return {("AdminService" if each["metadata"]["name"].endswith("-admin") else each["kind"]): each for each in objects}


def settings(objects):
    """The content of bridge.yaml."""
    return yaml.safe_load(objects["ConfigMap"]["data"]["bridge.yaml"])


def ports_out(objects):
    """The ports that the network policy lets pods connect to."""
    return {port["port"] for rule in objects["NetworkPolicy"]["spec"]["egress"] for port in rule["ports"]}


class KubernetesTests(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.overlays = {overlay: rendered(overlay) for overlay in OVERLAYS}

    def container(self, overlay):
        (container,) = self.overlays[overlay]["Deployment"]["spec"]["template"]["spec"]["containers"]
        return container

    def variables(self, overlay):
        return {each["name"]: each.get("value") for each in self.container(overlay)["env"]}

    def test_objects_conform_to_the_schemas(self):
        for overlay, objects in self.overlays.items():
            for kind, each in objects.items():
                with self.subTest(overlay=overlay, kind=kind):
                    kubernetes_validate.validate(each, "1.30", strict=True)

    def test_pods_have_no_unnecessary_privileges(self):
        for overlay, objects in self.overlays.items():
            pod = objects["Deployment"]["spec"]["template"]["spec"]
            self.assertTrue(pod["securityContext"]["runAsNonRoot"])
            self.assertEqual(pod["securityContext"]["seccompProfile"], {"type": "RuntimeDefault"})
            self.assertFalse(pod["automountServiceAccountToken"])
            self.assertEqual(
                self.container(overlay)["securityContext"],
                {
                    "allowPrivilegeEscalation": False,
                    "readOnlyRootFilesystem": True,
                    "capabilities": {"drop": ["ALL"]},
                },
            )

    def test_probes_use_routes_of_the_bridge(self):
        for overlay in OVERLAYS:
            container = self.container(overlay)
            self.assertEqual(container["livenessProbe"]["httpGet"]["path"], "/healthz")
            self.assertEqual(container["readinessProbe"]["httpGet"]["path"], "/readyz")
            ports = {port["name"]: port["containerPort"] for port in container["ports"]}
            self.assertEqual(ports[container["readinessProbe"]["httpGet"]["port"]], 8080)

    def test_selectors_select_exactly_the_pods(self):
        for objects in self.overlays.values():
            labels = objects["Deployment"]["spec"]["template"]["metadata"]["labels"]
            self.assertEqual(objects["Service"]["spec"]["selector"], labels)
            self.assertEqual(objects["AdminService"]["spec"]["selector"], labels)
            self.assertEqual(objects["PodDisruptionBudget"]["spec"]["selector"], {"matchLabels": labels})
            self.assertEqual(objects["NetworkPolicy"]["spec"]["podSelector"], {"matchLabels": labels})
            self.assertEqual(objects["Deployment"]["spec"]["selector"], {"matchLabels": labels})

    def test_sqlite_has_one_process(self):
        deployment = self.overlays["sqlite-single"]["Deployment"]["spec"]
        self.assertEqual((deployment["replicas"], deployment["strategy"]), (1, {"type": "Recreate"}))
        self.assertEqual(self.overlays["sqlite-single"]["PersistentVolumeClaim"]["spec"]["accessModes"], ["ReadWriteOncePod"])
        store = self.variables("sqlite-single")["BRIDGE_STORE_URL"]
        (mount,) = [each for each in self.container("sqlite-single")["volumeMounts"] if each["name"] == "store"]
        self.assertTrue(store.startswith(f"sqlite://{mount['mountPath']}/"))

    def test_postgresql_is_reachable_and_shared(self):
        objects = self.overlays["postgresql-scaled"]
        self.assertEqual(objects["Deployment"]["spec"]["replicas"], 3)
        variables = self.variables("postgresql-scaled")
        self.assertIn("PGPASSWORD", variables)
        database = urllib.parse.urlsplit(variables["BRIDGE_STORE_URL"])
        parameters = dict(urllib.parse.parse_qsl(database.query))
        self.assertEqual(parameters["sslmode"], "verify-full")
        mounts = {each["mountPath"] for each in self.container("postgresql-scaled")["volumeMounts"]}
        self.assertIn(str(pathlib.Path(parameters["sslrootcert"]).parent), mounts)
        self.assertEqual(ports_out(objects), {53, 80, 443, database.port})
        self.assertEqual(ports_out(self.overlays["sqlite-single"]), {53, 80, 443})

    def test_only_the_pod_identity_agent_is_reachable_by_http(self):
        for objects in self.overlays.values():
            (rule,) = [rule for rule in objects["NetworkPolicy"]["spec"]["egress"] if rule["ports"][0]["port"] == 80]
            self.assertEqual(
                [each["ipBlock"]["cidr"] for each in rule["to"]], ["169.254.170.23/32", "fd00:ec2::23/128"]
            )

    def test_the_bridge_reads_its_configuration_and_its_secret(self):
        for overlay, objects in self.overlays.items():
            pod = objects["Deployment"]["spec"]["template"]["spec"]
            volumes = {each["name"]: each for each in pod["volumes"]}
            mounts = {each["name"]: each["mountPath"] for each in self.container(overlay)["volumeMounts"]}
            # The place where all commands find it.
            self.assertEqual(mounts["configuration"], "/etc/defender-bridge")
            self.assertEqual(volumes["configuration"]["configMap"]["name"], objects["ConfigMap"]["metadata"]["name"])
            self.assertTrue(settings(objects)["sns"]["topics"])
            self.assertEqual(volumes["secrets"]["secret"]["secretName"], "defender-bridge")
            key = pathlib.Path(self.variables(overlay)["BRIDGE_EVENT_BRIDGE_API_KEY_FILE"])
            self.assertEqual(str(key.parent), mounts["secrets"])
            example = yaml.safe_load((DEPLOY / "kubernetes/examples/secret.yaml").read_text())
            kubernetes_validate.validate(example, "1.30", strict=True)
            self.assertEqual(example["metadata"]["name"], "defender-bridge")
            self.assertIn(key.name, example["stringData"])
            self.assertIn("database-password", example["stringData"])

    def test_the_program_accepts_configuration_and_variables(self):
        for overlay, objects in self.overlays.items():
            mounts = {each["name"]: each["mountPath"] for each in self.container(overlay)["volumeMounts"]}
            with self.subTest(overlay=overlay), tempfile.TemporaryDirectory() as folder:
                files = pathlib.Path(folder)
                (files / "bridge.yaml").write_text(objects["ConfigMap"]["data"]["bridge.yaml"])
                (files / "event-bridge-key").write_text("0123456789abcdef")
                # Volumes are in the folder.
                environment = {"PATH": os.environ["PATH"]}
                for name, value in self.variables(overlay).items():
                    environment[name] = (value or "a-long-password").replace(mounts["secrets"], folder)
                    environment[name] = environment[name].replace(mounts.get("store", "/var/lib/defender-bridge"), folder)
                run = subprocess.run(
                    [PROGRAM, "config", "validate", "--config", files / "bridge.yaml"],
                    env=environment, capture_output=True, text=True, check=False,
                )
                self.assertEqual(run.returncode, 0, run.stdout + run.stderr)

    def test_the_external_secret_has_the_keys_of_the_secret(self):
        store, external = yaml.safe_load_all((DEPLOY / "kubernetes/examples/external-secret.yaml").read_text())
        example = yaml.safe_load((DEPLOY / "kubernetes/examples/secret.yaml").read_text())
        self.assertEqual({each["secretKey"] for each in external["spec"]["data"]}, set(example["stringData"]))
        self.assertEqual(external["spec"]["target"]["name"], example["metadata"]["name"])
        self.assertEqual(external["spec"]["secretStoreRef"], {"kind": store["kind"], "name": store["metadata"]["name"]})
        self.assertEqual(
            {each["metadata"]["namespace"] for each in (store, external)}, {example["metadata"]["namespace"]}
        )

    def test_the_namespace_enforces_what_the_pods_keep(self):
        for objects in self.overlays.values():
            self.assertEqual(objects["Namespace"]["metadata"]["labels"]["pod-security.kubernetes.io/enforce"], "restricted")
            names = {each["metadata"].get("namespace") for kind, each in objects.items() if kind != "Namespace"}
            self.assertEqual(names, {objects["Namespace"]["metadata"]["name"]})

    def with_component(self, component):
        """The objects of an overlay with a component."""
        with tempfile.TemporaryDirectory(dir=DEPLOY / "kubernetes/overlays") as folder:
            overlay = pathlib.Path(folder)
            (overlay / "kustomization.yaml").write_text(
                f"namespace: defender-bridge\nresources: [../sqlite-single]\ncomponents: [../../components/{component}]\n"
            )
            return rendered(overlay.name)

    def test_every_component_can_be_added(self):
        added = {}
        for path in sorted((DEPLOY / "kubernetes/components").iterdir()):
            objects = self.with_component(path.name)
            added[path.name] = set(objects) - set(self.overlays["sqlite-single"])
            self.assertEqual({each["metadata"].get("namespace", "defender-bridge") for each in objects.values()}, {"defender-bridge"})
        self.assertEqual(
            added,
            {
                "gateway": {"Gateway", "HTTPRoute"},
                "https-proxy": set(),
                "ingress": {"Ingress"},
                "irsa": set(),
                "prometheus-operator": {"PodMonitor", "PrometheusRule"},
            },
        )

    def test_only_irsa_names_a_role(self):
        # With a role in the annotation, EKS Pod Identity is not used.
        self.assertNotIn("annotations", self.overlays["sqlite-single"]["ServiceAccount"]["metadata"])
        annotations = self.with_component("irsa")["ServiceAccount"]["metadata"]["annotations"]
        self.assertRegex(annotations["eks.amazonaws.com/role-arn"], r"^arn:aws:iam::\d{12}:role/")

    def test_only_deliveries_are_reachable_from_outside(self):
        paths = {"/eventbridge": "Exact", "/sns": "Exact", "/webhooks": "Prefix"}
        (rule,) = self.with_component("ingress")["Ingress"]["spec"]["rules"]
        self.assertEqual({each["path"]: each["pathType"] for each in rule["http"]["paths"]}, paths)
        ports = [each["backend"]["service"]["port"]["name"] for each in rule["http"]["paths"]]
        self.assertEqual(set(ports), {"deliveries"})
        objects = self.with_component("gateway")
        (rule,) = objects["HTTPRoute"]["spec"]["rules"]
        self.assertEqual(
            {each["path"]["value"]: each["path"]["type"].removeprefix("Path") for each in rule["matches"]}, paths
        )
        self.assertEqual(rule["backendRefs"], [{"name": "defender-bridge", "port": objects["Service"]["spec"]["ports"][0]["port"]}])
        self.assertEqual(objects["HTTPRoute"]["spec"]["parentRefs"], [{"name": objects["Gateway"]["metadata"]["name"]}])
        self.assertEqual([each["protocol"] for each in objects["Gateway"]["spec"]["listeners"]], ["HTTPS"])

    def test_the_proxy_component_opens_its_port(self):
        objects = self.with_component("https-proxy")
        (container,) = objects["Deployment"]["spec"]["template"]["spec"]["containers"]
        (proxy,) = [each["value"] for each in container["env"] if each["name"] == "HTTPS_PROXY"]
        self.assertEqual(ports_out(objects), {53, 80, 443, urllib.parse.urlsplit(proxy).port})

    def test_metrics_are_for_monitoring_only(self):
        for objects in self.overlays.values():
            (admin,) = [
                rule for rule in objects["NetworkPolicy"]["spec"]["ingress"] if rule["ports"][0]["port"] == "admin"
            ]
            self.assertEqual(
                admin["from"], [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "monitoring"}}}]
            )


class ComposeTests(unittest.TestCase):
    def test_the_bridge_has_no_unnecessary_privileges(self):
        bridge = yaml.safe_load((DEPLOY / "docker/compose.yaml").read_text())["services"]["bridge"]
        self.assertTrue(bridge["read_only"])
        self.assertEqual(bridge["cap_drop"], ["ALL"])
        self.assertEqual(bridge["security_opt"], ["no-new-privileges:true"])
        self.assertTrue(all(port.startswith("127.0.0.1:") for port in bridge["ports"]))
        admin = bridge["environment"]["BRIDGE_ADMIN_ADDRESS"]
        self.assertEqual({port.rpartition(":")[2] for port in bridge["ports"]}, {"8080", admin.rpartition(":")[2]})
        root = (DEPLOY / "docker" / bridge["build"]["context"]).resolve()
        self.assertTrue((root / bridge["build"]["dockerfile"]).is_file())

    def test_every_file_that_the_image_copies_exists(self):
        for line in (DEPLOY / "docker/Dockerfile").read_text().splitlines():
            if line.startswith("COPY ") and "--from" not in line:
                for source in line.split()[1:-1]:
                    self.assertTrue((DEPLOY.parent / source).exists(), source)


if __name__ == "__main__":
    unittest.main()
