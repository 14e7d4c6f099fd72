"""Alert rules, runbooks and dashboard: checked against the tables of metrics.md, on synthetic series by promtool, and on a bridge of
the demo by a real Prometheus. AlertTests.swift and ConnectionAlertTests.swift check that each alert fires when its fault is real.
"""

import contextlib
import json
import pathlib
import re
import signal
import socket
import subprocess
import tempfile
import time
import unittest
import urllib.parse
import urllib.request

import yaml

REPOSITORY = pathlib.Path(__file__).parents[2]
ALERTS = REPOSITORY / "deploy/prometheus/alerts.yaml"
RUNBOOKS = REPOSITORY / "deploy/docs/runbooks.md"
METRICS = REPOSITORY / "deploy/docs/metrics.md"
LOGS = REPOSITORY / "deploy/docs/logs.md"
COLLECTOR = REPOSITORY / "deploy/opentelemetry/collector.yaml"
DASHBOARD = REPOSITORY / "deploy/grafana/dashboard.json"
RULE_TESTS = [pathlib.Path(__file__).with_name(name) for name in ("alerts_test.yaml", "alerts_days_test.yaml")]
PROGRAM = REPOSITORY / ".build/debug/defender-bridge"
# Series that Prometheus itself creates, and labels that it adds.
OF_PROMETHEUS = {"up": set(), "ALERTS": {"alertname", "alertstate"}}
ADDED = {"namespace", "job", "instance", "le"}
# Panels about a whole deployment, whatever accounts and sources are selected.
WHOLE = {"Queue usage"}
SUFFIX = re.compile(r"_(bucket|sum|count)$")
# Metrics and labels without series in the demo: it has plain HTTP, SQLite, no throttling, and topics of Device Defender only.
NOT_IN_THE_DEMO = re.compile(
    "defender_bridge_(tls_certificate_expiry|postgresql|aws_throttles|replica_clock_offset|unrelated_messages|source_items"
    "|ignored_events)_"
)
LABELS_NOT_IN_THE_DEMO = {"source"}


def rules():
    """All alert rules."""
    return [rule for group in yaml.safe_load(ALERTS.read_text())["groups"] for rule in group["rules"]]


def panels():
    """The panels of the dashboard that are no rows."""
    return [panel for panel in json.loads(DASHBOARD.read_text())["panels"] if panel["type"] != "row"]


def queries():
    """Each query of the dashboard with the panel's title, its variables as Grafana sets them to begin with."""
    dashboard = json.loads(DASHBOARD.read_text())
    found = [(panel["title"], target["expr"]) for panel in panels() for target in panel["targets"]]
    found += [(each["name"], each["expr"]) for each in dashboard["annotations"]["list"]]
    for variable in dashboard["templating"]["list"]:
        if variable["type"] == "query":
            metric, label = re.fullmatch(r"label_values\((\w+(?:\{[^}]*\})?), (\w+)\)", variable["definition"]).groups()
            found.append((variable["name"], f"count by ({label}) ({metric})"))
    return [(title, re.sub(r"\$(?!_)\w+", ".*", text).replace("$__rate_interval", "1m")) for title, text in found]


def documented():
    """The metrics of metrics.md: their labels, and the values listed for each label, which may be none."""
    found = {}
    for name, labels in re.findall(r"^\| `((?:defender_bridge|process)_\w+)` \| \w+ \| (.*?) ?\| .*?\|.*?\|$", METRICS.read_text(), re.MULTILINE):
        # Values are explained in parentheses.
        labels = re.sub(r"\([^)]*\)", "", labels)
        of_labels = {}
        for part in labels.split(";"):
            head, _, values = part.partition(":")
            names_of_labels = re.findall(r"`(\w+)`", head)
            of_labels |= {name: set() for name in names_of_labels}
            if names_of_labels:
                of_labels[names_of_labels[-1]] = set(re.findall(r"`([^`]+)`", values))
        found[name] = of_labels
    return found


def runbooks():
    """The sections of runbooks.md, by heading."""
    return dict(re.findall(r"^## (\w+)\n(.*?)(?=^## |\Z)", RUNBOOKS.read_text(), re.MULTILINE | re.DOTALL))


def selectors(expression):
    """Each metric of an expression, with the matchers of its labels."""
    text = re.sub(r"\b(?:by|on|unless on|group_left|without) ?\([^)]*\)", "", expression)
    for name, matchers in re.findall(r"\b(up|ALERTS|(?:defender_bridge|process)_\w+)(?:\{([^}]*)\})?", text):
        yield SUFFIX.sub("", name), re.findall(r'(\w+)(=~|!~|!=|=)"([^"]*)"', matchers)


def listed_labels(expression):
    """The labels that an expression groups by."""
    return set(re.findall(r"\w+", " ".join(re.findall(r"\b(?:by|on) ?\(([^)]*)\)", expression))))


class RuleTests(unittest.TestCase):
    def promtool(self, *arguments):
        run = subprocess.run(["promtool", *arguments], capture_output=True, text=True, check=False)
        self.assertEqual(run.returncode, 0, run.stdout + run.stderr)

    def test_promtool_accepts_the_rules(self):
        self.promtool("check", "rules", "--lint=all", "--lint-fatal", str(ALERTS))

    def test_rules_pass_the_tests_of_promtool(self):
        self.promtool("test", "rules", *map(str, RULE_TESTS))

    def test_rules_hold_deployments_apart_without_fixed_jobs(self):
        for rule in rules():
            with self.subTest(alert=rule["alert"]):
                self.assertNotRegex(rule["expr"], r"\b(job|namespace)\s*[=!]")
                for labels in re.findall(r"\b(?:by|on) ?\(([^)]*)\)", rule["expr"]):
                    self.assertEqual(labels.split(", ")[:2], ["namespace", "job"])
                for after in re.findall(r"\b(?:sum|min|max|group|avg|count|quantile|topk)\b(?!_)(.{4})", rule["expr"]):
                    self.assertEqual(after, " by ")

    def test_each_alert_has_a_remediation_and_a_runbook_and_is_tested(self):
        tests = "".join(path.read_text() for path in RULE_TESTS)
        # As GitHub makes anchors of headings.
        anchors = {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in re.findall(r"^#+ (.*)$", RUNBOOKS.read_text(), re.M)}
        faults = "".join(path.read_text() for path in (REPOSITORY / "Tests/IntegrationTests").glob("*AlertTests.swift"))
        for rule in rules():
            with self.subTest(alert=rule["alert"]):
                self.assertIn(rule["labels"]["severity"], ("critical", "warning"))
                self.assertEqual(sorted(rule["annotations"]), ["description", "remediation", "runbook_url", "summary"])
                self.assertEqual(rule["annotations"]["runbook_url"], f"deploy/docs/runbooks.md#{rule['alert'].lower()}")
                self.assertIn(rule["annotations"]["runbook_url"].partition("#")[2], anchors)
                self.assertIn(f'labels: ALERTS{{alertname="{rule["alert"]}"', tests)
                self.assertIn(f'"{rule["alert"]}"', faults)

    def test_each_alert_has_a_complete_runbook(self):
        sections = runbooks()
        self.assertEqual(list(sections), [rule["alert"] for rule in rules()])
        for rule in rules():
            with self.subTest(alert=rule["alert"]):
                parts = re.findall(r"^\*\*(\w+):?\*\*(.*)", sections[rule["alert"]], re.MULTILINE)
                self.assertEqual([name for name, _ in parts], ["Severity", "Meaning", "Impact", "Check", "Fix", "Resolves"])
                self.assertEqual(parts[0][1].strip(), rule["labels"]["severity"] + ".")

    def test_metrics_are_linked_to_the_runbooks_of_their_alerts(self):
        for name, links in re.findall(r"^\| `(\w+)` \|.*\|(.*?)\|$", METRICS.read_text(), re.MULTILINE):
            using = [rule["alert"].lower() for rule in rules() if name in [metric for metric, _ in selectors(rule["expr"])]]
            self.assertEqual(re.findall(r"runbooks\.md#(\w+)\)", links), using, name)

    def test_keys_and_commands_of_alerts_and_runbooks_exist(self):
        documents = [REPOSITORY / "README.md", *(path for path in (REPOSITORY / "deploy/docs").glob("*.md") if path not in (RUNBOOKS, METRICS))]
        readme = "".join(path.read_text() for path in documents)
        for rule in rules():
            text = " ".join(rule["annotations"].values()) + runbooks()[rule["alert"]]
            for key in re.findall(r"\b(?:listen|admin|store|sns|catchUp|eventBridge|securityHub|network)\.[a-z]\w+", text):
                self.assertIn(key, readme, rule["alert"])
            for command in re.findall(r"defender-bridge ([a-z-]+(?: (?:list|show|replay|drop)\b)?)", text):
                self.assertTrue(command == "dead-letters" or f"defender-bridge {command}" in readme, (rule["alert"], command))


class DashboardTests(unittest.TestCase):
    def test_panels_do_not_overlap(self):
        dashboard = json.loads(DASHBOARD.read_text())
        titles = [panel["title"] for panel in dashboard["panels"] if panel["type"] == "row"]
        self.assertEqual(titles, ["Health", "Intake", "Queue", "AWS", "Findings", "Process"])
        identifiers = [panel["id"] for panel in dashboard["panels"]]
        self.assertEqual(len(set(identifiers)), len(identifiers))
        taken = set()
        for panel in dashboard["panels"]:
            place = panel["gridPos"]
            cells = {(x, y) for x in range(place["x"], place["x"] + place["w"]) for y in range(place["y"], place["y"] + place["h"])}
            self.assertLessEqual(place["x"] + place["w"], 24, panel["title"])
            self.assertFalse(cells & taken, panel["title"])
            taken |= cells

    def test_the_data_source_is_a_variable(self):
        sources = {json.dumps(panel["datasource"], sort_keys=True) for panel in panels()}
        self.assertEqual(sources, {'{"type": "prometheus", "uid": "${datasource}"}'})
        self.assertIn("datasource", [each["name"] for each in json.loads(DASHBOARD.read_text())["templating"]["list"]])

    def test_every_query_uses_the_variables_of_its_labels(self):
        known = documented()
        for panel in panels():
            for target in panel["targets"]:
                for name, matchers in selectors(target["expr"]):
                    with self.subTest(panel=panel["title"], metric=name):
                        wanted = {"job"} if name == "ALERTS" else {"job", "instance"}
                        # A pause of a source has no account, and the region of a certificate is not of an account.
                        if "account" in known.get(name, {}) and panel["title"] not in WHOLE:
                            wanted |= {"account", "region", "source"} & set(known[name])
                        self.assertLessEqual(wanted, {label for label, _, value in matchers if f"${label}" in value})

    def test_aggregated_lines_name_their_labels(self):
        for panel in panels():
            for target in panel["targets"]:
                grouping = re.match(r"(?:time\(\) - |topk\(10, |histogram_quantile\([\d.]+, )?\w+ by \(([^)]*)\)", target["expr"])
                if panel["type"] == "timeseries" and grouping:
                    named = set(re.findall(r"\{\{(\w+)\}\}", target["legendFormat"]))
                    with self.subTest(panel=panel["title"], legend=target["legendFormat"]):
                        self.assertEqual(named, set(grouping[1].split(", ")) - {"le", "namespace"})

    def test_durations_show_the_median_and_the_99th_percentile(self):
        for panel in panels():
            quantiles = [target for target in panel["targets"] if "histogram_quantile" in target["expr"]]
            for target in quantiles:
                name = target["legendFormat"].split(" ")[-1]
                self.assertIn(f"histogram_quantile({ {'p50': '0.5', 'p99': '0.99'}[name] }, ", target["expr"], panel["title"])
            self.assertEqual(len({target["legendFormat"] for target in quantiles}), len(quantiles), panel["title"])

    def test_the_dashboard_links_to_the_status_page_and_to_documents_that_exist(self):
        dashboard = json.loads(DASHBOARD.read_text())
        tables = [panel["fieldConfig"]["overrides"] for panel in panels() if panel["type"] == "table"]
        links = [link for overrides in tables for each in overrides for part in each["properties"] for link in part["value"]]
        addresses = [link["url"] for link in links + dashboard["links"]]
        self.assertIn("http://${__value.text}/", addresses)
        documents = [address.removeprefix("${documents}/") for address in addresses if address.startswith("${documents}/")]
        self.assertIn("runbooks.md", documents)
        for name in documents:
            self.assertTrue((REPOSITORY / "deploy/docs" / name).is_file(), name)
        self.assertIn("documents", [each["name"] for each in dashboard["templating"]["list"]])

    def test_every_panel_has_a_query_and_a_unit(self):
        for panel in panels():
            self.assertTrue(panel["targets"], panel["title"])
            self.assertEqual(len({target["refId"] for target in panel["targets"]}), len(panel["targets"]), panel["title"])
            self.assertTrue(panel["type"] == "table" or panel["fieldConfig"]["defaults"]["unit"], panel["title"])


class CollectorTests(unittest.TestCase):
    """The configuration of the OpenTelemetry Collector, without the collector."""

    @classmethod
    def setUpClass(cls):
        cls.configuration = yaml.safe_load(COLLECTOR.read_text())
        cls.operators = cls.configuration["receivers"]["filelog"]["operators"]
        cls.parser = cls.operators[0]

    def test_promtool_accepts_the_scrape_configuration(self):
        with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
            yaml.safe_dump(self.configuration["receivers"]["prometheus"]["config"], file)
            file.flush()
            run = subprocess.run(["promtool", "check", "config", file.name], capture_output=True, text=True, check=False)
            self.assertEqual(run.returncode, 0, run.stdout + run.stderr)

    def test_pipelines_use_exactly_what_is_configured(self):
        pipelines = self.configuration["service"]["pipelines"].values()
        for kind in ("receivers", "processors", "exporters"):
            self.assertEqual({name for pipeline in pipelines for name in pipeline[kind]}, set(self.configuration[kind]))

    def test_each_level_of_the_log_has_a_severity(self):
        (levels,) = re.findall(r"^\| `level` \| string \| Severity: (.*) \|$", LOGS.read_text(), re.M)
        # As the collector's default preset names them.
        known = {"trace", "debug", "info", "warn", "error", "fatal"} | set(self.parser["severity"]["mapping"].values())
        self.assertLessEqual(set(re.findall(r"`(\w+)`", levels)), known)

    def test_fields_exist_in_the_log(self):
        used = set(re.findall(r"attributes\.(\w+)", json.dumps(self.operators)))
        self.assertEqual(used, {"time", "level", "message", "logger"})
        for field in used:
            self.assertIn(f"| `{field}` | string |", LOGS.read_text())

    def test_the_time_is_parsed_as_the_log_writes_it(self):
        (example,) = re.findall(r'^\{"time":"([^"]*)"', LOGS.read_text(), re.M)
        time.strptime(example, self.parser["timestamp"]["layout"].replace("%L", "%f"))


class NameTests(unittest.TestCase):
    """Metrics and labels of rules and dashboard are those of metrics.md, which BridgeTests compare with the program."""

    def test_metrics_and_labels_are_documented(self):
        known = documented() | OF_PROMETHEUS
        self.assertGreater(len(known), 40)
        for where, expression in [(rule["alert"], rule["expr"]) for rule in rules()] + queries():
            labels_of_all = set(ADDED)
            for name, matchers in selectors(expression):
                with self.subTest(where=where, metric=name):
                    self.assertIn(name, known)
                    labels = dict.fromkeys(known[name], set()) if name in OF_PROMETHEUS else known[name]
                    labels_of_all |= set(labels)
                    for label, sign, value in matchers:
                        self.assertIn(label, set(labels) | ADDED)
                        values = {value} if sign in ("=", "!=") else set(value.split("|"))
                        if labels.get(label) and values != {".*"}:
                            self.assertLessEqual(values, labels[label])
            with self.subTest(where=where):
                self.assertLessEqual(listed_labels(expression), labels_of_all)

    def test_every_metric_is_on_the_dashboard_or_in_a_rule(self):
        used = {name for _, expression in queries() for name, _ in selectors(expression)}
        used |= {name for rule in rules() for name, _ in selectors(rule["expr"])}
        self.assertEqual(set(documented()) - used, set())


class PrometheusTests(unittest.TestCase):
    """A real Prometheus that scrapes the bridge of the demo."""

    @classmethod
    def setUpClass(cls):
        cls.stack = contextlib.ExitStack()
        cls.addClassCleanup(cls.stack.close)
        folder = pathlib.Path(cls.stack.enter_context(tempfile.TemporaryDirectory()))
        demo = cls.start(folder / "demo.log", PROGRAM, "demo", "--findings", "100")
        cls.wait(lambda: "The bridge keeps running" in (folder / "demo.log").read_text() or demo.poll() is not None, folder / "demo.log")
        addresses = re.search(r"listening at http://(\S+); metrics and status page at http://(\S+?)\.?$", (folder / "demo.log").read_text(), re.M)
        cls.admin = addresses[2]
        cls.send_invalid(addresses[1])
        configuration = {
            "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
            "rule_files": [str(ALERTS)],
            "scrape_configs": [
                {"job_name": "defender-bridge", "static_configs": [{"targets": [cls.admin]}]}
            ],
        }
        (folder / "prometheus.yaml").write_text(yaml.safe_dump(configuration))
        with socket.create_server(("127.0.0.1", 0)) as listener:
            cls.address = f"127.0.0.1:{listener.getsockname()[1]}"
        cls.start(
            folder / "prometheus.log", "prometheus", f"--config.file={folder}/prometheus.yaml",
            f"--storage.tsdb.path={folder}/data", f"--web.listen-address={cls.address}",
        )
        # A rate needs several scrapes.
        cls.wait(lambda: cls.value("count_over_time(up[1m])") >= 5, folder / "prometheus.log")

    @staticmethod
    def send_invalid(address):
        """Sends a delivery that is rejected, and a request that is not HTTP."""
        host, port = address.split(":")
        for text in (b"POST /sns HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nConnection: close\r\n\r\n[]", b"nonsense\r\n\r\n"):
            with socket.create_connection((host, int(port)), timeout=60) as connection:
                connection.sendall(text)
                while connection.recv(4096):
                    pass

    @classmethod
    def start(cls, log, *command):
        with log.open("wb") as file:
            process = subprocess.Popen([str(word) for word in command], stdout=file, stderr=file)
        cls.stack.callback(process.wait, 60)
        cls.stack.callback(process.send_signal, signal.SIGTERM)
        return process

    @staticmethod
    def wait(condition, log):
        end = time.monotonic() + 180
        while not condition():
            if time.monotonic() > end:
                raise AssertionError(f"timed out: {log.read_text()[-4000:]}")
            time.sleep(0.1)

    @classmethod
    def query(cls, path, **parameters):
        url = f"http://{cls.address}/api/v1/{path}?{urllib.parse.urlencode(parameters)}"
        with urllib.request.urlopen(url, timeout=60) as response:
            return json.load(response)["data"]

    @classmethod
    def value(cls, expression):
        """The value of the first series; 0 if there is none, or Prometheus does not respond yet."""
        try:
            return next((float(each["value"][1]) for each in cls.query("query", query=expression)["result"]), 0)
        except (OSError, KeyError):
            return 0

    def test_every_metric_of_every_query_is_scraped_with_its_labels(self):
        for where, expression in queries() + [(rule["alert"], rule["expr"]) for rule in rules()]:
            for name, matchers in selectors(expression):
                if name == "ALERTS" or NOT_IN_THE_DEMO.match(name):
                    continue
                with self.subTest(where=where, metric=name):
                    series = self.query("series", **{"match[]": f'{{__name__=~"{name}(_bucket)?"}}'})
                    self.assertTrue(series)
                    for label in {label for label, _, _ in matchers} - LABELS_NOT_IN_THE_DEMO:
                        self.assertIn(label, series[0])

    def test_prometheus_accepts_every_query(self):
        for where, expression in queries():
            with self.subTest(where=where):
                self.query("query", query=expression)

    def test_panels_show_data(self):
        empty = {title for title, expression in queries() if not self.query("query", query=expression)["result"]}
        # These need TLS, a firing alert, a start, PostgreSQL or throttling.
        sometimes = {"TLS certificate", "Firing alerts", "Starts", "PostgreSQL connections", "Throttled"}
        self.assertEqual(empty - sometimes, set())

    def test_no_alert_fires_without_a_fault(self):
        self.wait(lambda: all(rule["health"] != "unknown" for rule in self.rules()), ALERTS)
        self.assertEqual([rule for rule in self.rules() if rule["health"] != "ok"], [])
        self.assertEqual([rule["name"] for rule in self.rules() if rule["state"] == "firing"], [])

    def rules(self):
        return [rule for group in self.query("rules")["groups"] for rule in group["rules"]]

    def test_promtool_accepts_the_metrics(self):
        with urllib.request.urlopen(f"http://{self.admin}/metrics", timeout=60) as response:
            run = subprocess.run(["promtool", "check", "metrics"], input=response.read(), capture_output=True, check=False)
        self.assertEqual((run.returncode, run.stdout + run.stderr), (0, b""))


if __name__ == "__main__":
    unittest.main()
