"""The Kubernetes manifests and the compose file: rendered by kubectl, held against Kubernetes's own schemas."""

import pathlib
import subprocess
import unittest

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


class KubernetesTests(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.overlays = {overlay: rendered(overlay) for overlay in OVERLAYS}

    def container(self, overlay):
        (container,) = self.overlays[overlay]["Deployment"]["spec"]["template"]["spec"]["containers"]
        return container

    def test_objects_are_as_kubernetes_wants_them(self):
        for overlay, objects in self.overlays.items():
            for kind, each in objects.items():
                with self.subTest(overlay=overlay, kind=kind):
                    kubernetes_validate.validate(each, "1.30", strict=True)

    def test_pods_may_nothing_that_they_need_not(self):
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

    def test_probes_ask_what_the_bridge_answers(self):
        for overlay in OVERLAYS:
            container = self.container(overlay)
            self.assertEqual(container["livenessProbe"]["httpGet"]["path"], "/healthz")
            self.assertEqual(container["readinessProbe"]["httpGet"]["path"], "/readyz")
            ports = {port["name"]: port["containerPort"] for port in container["ports"]}
            self.assertEqual(ports[container["readinessProbe"]["httpGet"]["port"]], 8080)

    def test_selectors_select_the_pods_and_only_these(self):
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

    def test_postgresql_is_reached_and_shared(self):
        objects = self.overlays["postgresql-scaled"]
        self.assertEqual(objects["Deployment"]["spec"]["replicas"], 3)
        self.assertIn("PGPASSWORD", [variable["name"] for variable in self.container("postgresql-scaled")["env"]])
        ports = {port["port"] for rule in objects["NetworkPolicy"]["spec"]["egress"] for port in rule["ports"]}
        self.assertEqual(ports, {53, 443, 5432})
        alone = self.overlays["sqlite-single"]["NetworkPolicy"]["spec"]["egress"]
        self.assertNotIn(5432, {port["port"] for rule in alone for port in rule["ports"]})

    def test_metrics_are_for_monitoring_only(self):
        for objects in self.overlays.values():
            (admin,) = [
                rule for rule in objects["NetworkPolicy"]["spec"]["ingress"] if rule["ports"][0]["port"] == "admin"
            ]
            self.assertEqual(
                admin["from"], [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "monitoring"}}}]
            )


class ComposeTests(unittest.TestCase):
    def test_the_bridge_may_nothing_that_it_need_not(self):
        bridge = yaml.safe_load((DEPLOY / "docker/compose.yaml").read_text())["services"]["bridge"]
        self.assertTrue(bridge["read_only"])
        self.assertEqual(bridge["cap_drop"], ["ALL"])
        self.assertEqual(bridge["security_opt"], ["no-new-privileges:true"])
        self.assertTrue(all(port.startswith("127.0.0.1:") for port in bridge["ports"]))
        root = (DEPLOY / "docker" / bridge["build"]["context"]).resolve()
        self.assertTrue((root / bridge["build"]["dockerfile"]).is_file())

    def test_every_file_that_the_image_copies_is_there(self):
        for line in (DEPLOY / "docker/Dockerfile").read_text().splitlines():
            if line.startswith("COPY ") and "--from" not in line:
                for source in line.split()[1:-1]:
                    self.assertTrue((DEPLOY.parent / source).exists(), source)


if __name__ == "__main__":
    unittest.main()
