"""The Kubernetes manifests and the Compose file: rendered by kubectl, validated with Kubernetes's schemas."""

import pathlib
import subprocess
import tempfile
import unittest
import urllib.parse

import kubernetes_validate
import yaml

DEPLOY = pathlib.Path(__file__).parents[2] / "deploy"
OVERLAYS = ("sqlite-single", "postgresql-scaled")


def rendered(overlay):
    """The objects of an overlay by kind."""
    run = subprocess.run(
        ["kubectl", "kustomize", str(DEPLOY / "kubernetes/overlays" / overlay)], capture_output=True, text=True, check=True
    )
    objects = list(yaml.safe_load_all(run.stdout))
    return {each["kind"]: each for each in objects}


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
            self.assertEqual(objects["PodDisruptionBudget"]["spec"]["selector"], {"matchLabels": labels})
            self.assertEqual(objects["NetworkPolicy"]["spec"]["podSelector"], {"matchLabels": labels})
            self.assertEqual(objects["Deployment"]["spec"]["selector"], {"matchLabels": labels})

    def test_sqlite_has_one_process(self):
        deployment = self.overlays["sqlite-single"]["Deployment"]["spec"]
        self.assertEqual((deployment["replicas"], deployment["strategy"]), (1, {"type": "Recreate"}))
        self.assertEqual(self.overlays["sqlite-single"]["PersistentVolumeClaim"]["spec"]["accessModes"], ["ReadWriteOncePod"])
        store = self.overlays["sqlite-single"]["ConfigMap"]["data"]["BRIDGE_STORE_URL"]
        (mount,) = self.container("sqlite-single")["volumeMounts"]
        self.assertTrue(store.startswith(f"sqlite://{mount['mountPath']}/"))

    def test_postgresql_is_reachable_and_shared(self):
        objects = self.overlays["postgresql-scaled"]
        self.assertEqual(objects["Deployment"]["spec"]["replicas"], 3)
        self.assertIn("PGPASSWORD", [variable["name"] for variable in self.container("postgresql-scaled")["env"]])
        database = urllib.parse.urlsplit(objects["ConfigMap"]["data"]["BRIDGE_STORE_URL"])
        self.assertEqual(ports_out(objects), {53, 80, 443, database.port})
        self.assertEqual(ports_out(self.overlays["sqlite-single"]), {53, 80, 443})

    def test_only_the_pod_identity_agent_is_reachable_by_http(self):
        for objects in self.overlays.values():
            (rule,) = [rule for rule in objects["NetworkPolicy"]["spec"]["egress"] if rule["ports"][0]["port"] == 80]
            self.assertEqual(
                [each["ipBlock"]["cidr"] for each in rule["to"]], ["169.254.170.23/32", "fd00:ec2::23/128"]
            )

    def test_the_proxy_component_opens_its_port(self):
        with tempfile.TemporaryDirectory(dir=DEPLOY / "kubernetes/overlays") as folder:
            overlay = pathlib.Path(folder)
            (overlay / "kustomization.yaml").write_text(
                "resources: [../sqlite-single]\ncomponents: [../../components/https-proxy]\n"
            )
            objects = rendered(overlay.name)
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
