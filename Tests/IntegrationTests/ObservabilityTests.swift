import AWSCore
import Bridge
import Foundation
import JSON
import LocalAWS
import TestSupport
import Testing

@testable import Telemetry

extension IntegrationTests {
    @Suite("Observability", .timeLimit(.minutes(15)))
    struct Observability {
        // MARK: Metrics

        /// Metrics without series on a bridge with SQLite, without TLS and without mapped sources.
        private static let absent: Set = [
            "defender_bridge_postgresql_connections", "defender_bridge_postgresql_connection_failures_total",
            "defender_bridge_tls_certificate_expiry_timestamp_seconds", "defender_bridge_replica_clock_offset_seconds",
            "defender_bridge_source_items_total", "defender_bridge_source_last_delivery_timestamp_seconds",
            "defender_bridge_ignored_events_total",
        ]

        @Test("all metrics are exported, promtool accepts them, and their values are right")
        func metrics() async throws {
            try await IntegrationEnvironment.run { world in
                let bridge = try await world.start(["catchUp.interval": "1h"])
                let scenario = world.scenario()
                world.aws.add(scenario.auditTask, findings: scenario.auditFindings, in: world.accountRegion)
                world.aws.fail(.batchImportFindings, status: 429, code: "TooManyRequestsException")
                try await world.subscribe(bridge, to: world.topics.audit)
                try await world.subscribe(bridge, to: world.topics.detect)
                try await world.publish([scenario.auditNotification], to: world.topics.audit)
                try await world.publish(scenario.alarms, to: world.topics.detect)
                try await world.publish([["what": "is this"]], to: world.topics.detect)
                try await eventually("a dead letter, and all else to be done", bridge.queue) {
                    $0.dead == 1 && $0.pending + $0.leased == 0
                }
                // Messages only; internal deliveries are not counted here.
                let event = Request(
                    "POST", "/eventbridge", ["x-api-key": IntegrationEnvironment.apiKey],
                    body: scenario.events[0].serialized())
                #expect(try await Client.exchange(event, with: bridge.listen).status == 200)
                #expect(try await Client.exchange(.sns(Array("{".utf8)), with: bridge.listen).status == 400)
                #expect(try await Client.exchange(.get("/x y"), with: bridge.listen).status == 400)
                let judged = "defender_bridge_findings_total"
                try await eventually("the judgement") {
                    try await bridge.total(judged, #"outcome="workflow_updated""#)
                } is: {
                    $0 == 1
                }
                try await eventually("a look at the loops") {
                    try await bridge.total("defender_bridge_loop_lag_seconds_count")
                } is: {
                    $0 >= 3
                }
                let text = try await Client.exchange(.get("/metrics"), with: bridge.admin).text
                let file = try world.folder.write(Array(text.utf8), as: "metrics")
                let promtool = try await RunningProgram.run(["promtool", "check", "metrics"], input: file)
                #expect(promtool.exit?.status == 0, "\(promtool.errorLines)")
                #expect(promtool.outputLines == [] && promtool.errorLines == [])
                let names = text.split(separator: "\n").filter { $0.hasPrefix("# HELP ") }
                    .map { String($0.split(separator: " ")[2]) }
                let expected = Set(BridgeMetrics.help.keys).subtracting(Self.absent)
                #expect(Set(names).symmetricDifference(expected) == [])
                try await check(bridge, scenario, in: world)
                try await bridge.stop()
            }
        }

        private func check(_ bridge: BridgeProcess, _ scenario: FleetScenario, in world: IntegrationEnvironment)
            async throws
        {
            let alarms = Double(scenario.alarms.count)
            let prefix = "defender_bridge_"
            #expect(
                try await bridge.total(prefix + "deliveries_total", #"route="/sns""#, #"outcome="stored""#) == alarms
                    + 2)
            #expect(try await bridge.total(prefix + "deliveries_total", #"outcome="confirmed""#) == 2)
            #expect(try await bridge.total(prefix + "deliveries_total", #"outcome="rejected",route="/sns""#) == 1)
            #expect(try await bridge.total(prefix + "refusals_total", #"reason="malformed_json""#) == 1)
            #expect(try await bridge.total(prefix + "http_faults_total") == 1)
            #expect(try await bridge.total(prefix + "dead_letters_total", #"reason="not_understood""#) == 1)
            // Values from the store may be cached for a second.
            try await eventually("the dead letter to be counted") {
                try await bridge.total(prefix + "queue_deliveries", #"state="dead""#)
            } is: {
                $0 == 1
            }
            #expect(
                try await bridge.total(prefix + "queue_deliveries", #"account="\#(world.accountRegion.account)""#) == 1)
            #expect(try await bridge.total(prefix + "queue_oldest_age_seconds", #"state="dead""#) > 0)
            let imported = try await bridge.total(
                prefix + "findings_total", #"kind="violation""#, #"outcome="imported""#)
            let archived = try await bridge.total(
                prefix + "findings_total", #"kind="violation""#, #"outcome="archived""#)
            #expect(imported + archived >= alarms)
            // Some are suppressed.
            let active = try await bridge.total(prefix + "findings_total", #"kind="audit""#, #"outcome="imported""#)
            let suppressed = try await bridge.total(prefix + "findings_total", #"kind="audit""#, #"outcome="archived""#)
            #expect(active > 0 && active + suppressed == Double(scenario.auditFindings.count))
            let findings = Double(world.aws.findings(in: world.accountRegion).count)
            try await eventually("the findings to be counted") {
                try await bridge.total(prefix + "ledger_findings")
            } is: {
                $0 == findings
            }
            // The last states may not be confirmed yet, and each total is of its own scrape.
            try await eventually("the open findings to be those of the ledger, and the audit's to be the imported ones")
            {
                [
                    try await bridge.total(prefix + "ledger_findings", #"record_state="active""#)
                        - bridge.total(prefix + "open_findings"),
                    try await bridge.total(prefix + "open_findings", #"kind="audit""#) - active,
                ]
            } is: {
                $0 == [0, 0]
            }
            #expect(try await bridge.total(prefix + "build_info", #"version="\#(Bridge.version)""#) == 1)
            #expect(try await bridge.total(prefix + "event_delay_seconds_count") >= findings)
            let calls = prefix + "aws_calls_total"
            #expect(
                try await bridge.total(calls, #"operation="BatchImportFindings""#, #"outcome="ok""#)
                    == Double(world.aws.calls(of: .batchImportFindings) - 1))
            #expect(try await bridge.total(calls, #"operation="BatchImportFindings""#, #"outcome="throttled""#) == 1)
            #expect(
                try await bridge.total(prefix + "aws_throttles_total", #"region="\#(world.accountRegion.region)""#) == 1
            )
            #expect(try await bridge.total(prefix + "aws_tokens", #"operation="BatchImportFindings""#) <= 29)
            #expect(try await bridge.total(prefix + "subscriptions", #"state="confirmed""#) == 2)
            #expect(try await bridge.total(prefix + "signing_certificate_fetches_total", #"outcome="ok""#) == 1)
            let now = Date().timeIntervalSince1970
            #expect(try await bridge.total(prefix + "signing_certificate_expiry_timestamp_seconds") > now)
            #expect(abs(try await bridge.total(prefix + "catch_up_watermark_timestamp_seconds") - now) < 300)
            #expect(try await bridge.total(prefix + "catch_up_interval_seconds") == 3600)
            #expect(abs(try await bridge.total(prefix + "last_delivery_timestamp_seconds", "eventbridge") - now) < 300)
            #expect(try await bridge.total(prefix + "store_up") == 1)
            #expect(try await bridge.total(prefix + "store_commits_total") > 3)
            #expect(try await bridge.total(prefix + "store_size_bytes") > 4096)
            #expect(try await bridge.total(prefix + "store_free_bytes") > 4096)
            #expect(abs(try await bridge.total("process_start_time_seconds") - now) < 300)
            #expect(try await bridge.total("process_resident_memory_bytes") > 1_000_000)
        }

        @Test("metrics report a denied account, a pause and an unavailable store")
        func troubles() async throws {
            try await IntegrationEnvironment.run { world in
                let bridge = try await world.start()
                world.aws.fail(.getFindings, count: 1000, status: 403, code: "AccessDeniedException")
                world.aws.fail(.batchImportFindings, count: 1000, status: 403, code: "AccessDeniedException")
                try await world.subscribe(bridge, to: world.topics.detect)
                try await world.publish(try Alarms.make(0..<1, from: world.scenario()), to: world.topics.detect)
                try await eventually("the denial") {
                    try await bridge.total("defender_bridge_account_denied")
                } is: {
                    $0 == 1
                }
                #expect(
                    try await bridge.total("defender_bridge_aws_calls_total", #"outcome="access_denied""#) >= 1)
                let pause = try await RunningProgram.run(
                    [Paths.program, "pause", "--account", world.accountRegion.account.digits] + bridge.storeFlags)
                #expect(pause.exit?.status == 0)
                let series = #"defender_bridge_account_paused{account="\#(world.accountRegion.account)"}"#
                try await eventually("the pause to be told") {
                    try await bridge.metric(series)
                } is: {
                    $0 == 1
                }
                #expect(try await bridge.metric(#"defender_bridge_account_paused{account="all"}"#) == 0)
                try await bridge.stop()
            }
        }

        // MARK: Logs

        @Test("the log traces a delivery from intake to Security Hub by its id")
        func followed() async throws {
            try await IntegrationEnvironment.run { world in
                let bridge = try await world.start(["log.level": "debug"])
                let scenario = world.scenario()
                world.aws.add(scenario.auditTask, findings: scenario.auditFindings, in: world.accountRegion)
                try await world.subscribe(bridge, to: world.topics.detect)
                try await world.subscribe(bridge, to: world.topics.audit)
                try await world.publish(try Alarms.make(0..<3, from: scenario), to: world.topics.detect)
                try await world.publish([scenario.auditNotification], to: world.topics.audit)
                try await bridge.waitForCompletion(of: 4)
                // The exit flushes buffered lines.
                try await bridge.stop()
                let received = bridge.log(.requestCompleted).filter { $0["outcome"] == "stored" }
                try #require(received.count == 4)
                for line in received {
                    let id = try #require(line["delivery"]?.string)
                    #expect(id == "sns:\(line["messageId"]?.string ?? "")")
                    let lines = bridge.log.filter { $0["delivery"]?.string == id }
                    for line in lines {
                        #expect(line["account"]?.string == world.accountRegion.account.digits)
                        #expect(line["region"]?.string == world.accountRegion.region.name)
                    }
                    let isAudit = line["topic"]?.string == world.topics.audit.description
                    let steps = lines.compactMap { $0["message"]?.string }
                    #expect(
                        steps.contains(LogEvent.deliveryLeased.message)
                            && steps.last == LogEvent.deliveryCompleted.message)
                    let done = try #require(lines.last)
                    #expect(done["attempt"] == 1)
                    #expect(done["milliseconds"]?.integer.map { $0 >= 0 } == true)
                    let findings = lines.filter { $0["message"]?.string == LogEvent.findingSent.message }
                    if isAudit {
                        #expect(
                            findings.count == scenario.auditFindings.count + scenario.auditTask.checks.count)
                        #expect(findings.allSatisfy { $0["finding"] != nil && $0["result"] != nil })
                    } else {
                        let finding = try #require(done["finding"]?.string)
                        #expect((0..<3).contains { Alarms.findingID($0, in: world.accountRegion) == finding })
                        #expect(done["result"] == "imported")
                        let told = bridge.log(.findingSent).filter {
                            $0["finding"]?.string == finding
                        }
                        #expect(told.count == 1)
                    }
                }
            }
        }

        @Test("at info, the log contains neither message contents nor secrets")
        func discreet() async throws {
            try await IntegrationEnvironment.run { world in
                let marks = ["mark-of-thing", "mark-of-behavior", "mark-of-words", "mark-of-body", "mark-of-key"]
                let bridge = try await world.start(["eventBridge.basic": "user:mark-of-key"])
                try await world.subscribe(bridge, to: world.topics.detect)
                var alarm = try #require(try Alarms.make(0..<1, from: world.scenario())[0].object)
                alarm["thingName"] = "mark-of-thing"
                var behavior = try #require(alarm["behavior"]?.object)
                behavior["name"] = "mark-of-behavior"
                alarm["behavior"] = .object(behavior)
                alarm["verificationStateDescription"] = "mark-of-words"
                try await world.publish(
                    [.object(alarm), ["mark-of-body": "mark-of-body"], .string("mark-of-body")],
                    to: world.topics.detect)
                for body in [#"{"Type": "mark-of-body"}"#, "mark-of-body", #"{"mark-of-body": 1}"#] {
                    _ = try await Client.exchange(.sns(Array(body.utf8)), with: bridge.listen)
                    for key in [IntegrationEnvironment.apiKey, "mark-of-key"] {
                        _ = try await Client.exchange(
                            Request("POST", "/eventbridge", ["x-api-key": key], body: Array(body.utf8)),
                            with: bridge.listen)
                    }
                }
                try await eventually("all to be done", bridge.queue) {
                    $0.completed == 1 && $0.dead == 2
                }
                bridge.program.signal(SIGHUP)
                try await eventually("the reload") {
                    bridge.log(.configurationUnchanged).count == 1
                }
                try await bridge.stop()
                let lines = bridge.program.errorLines
                #expect(lines.count > 10)
                for mark in marks + [IntegrationEnvironment.apiKey] {
                    #expect(lines.filter { $0.contains(mark) } == [], "\(mark)")
                }
            }
        }

        @Test("a stalled reader of the log blocks neither deliveries nor the exit")
        func stalledLog() async throws {
            try await IntegrationEnvironment.run { world in
                let (listen, admin) = (try Client.freeAddress(), try Client.freeAddress())
                // Nothing reads from the pipe, which stays open for longer than the test.
                let program = try RunningProgram(
                    [
                        "bash", "-c", #"exec "$@" 2> >(exec sleep 120)"#, "bridge", Paths.program,
                        "serve",
                    ] + world.flags
                        + ["--set", "listen.address=\(listen)", "--set", "admin.address=\(admin)"],
                    environment: world.environment)
                world.keep(program)
                try await eventually("the bridge to listen") {
                    (try? await Client.exchange(.get("/readyz"), with: listen).status) == 200
                }
                let event = world.scenario().events[0].serialized()
                let request = Request("POST", "/eventbridge", ["x-api-key": IntegrationEnvironment.apiKey], body: event)
                // Their log lines are several times the capacity of the pipe and the buffer.
                for _ in 0..<1500 { #expect(try await Client.exchange(request, with: listen).status == 200) }
                #expect(try await Client.exchange(.get("/readyz"), with: listen).status == 200)
                program.signal(SIGTERM)
                // The open pipe keeps Foundation from noticing the exit: read it from /proc.
                try await eventually("the end") {
                    let stat = try? String(contentsOfFile: "/proc/\(program.identifier)/stat", encoding: .utf8)
                    return stat?.contains(") Z ") ?? true
                }
            }
        }

        @Test("the log line of a 401 names the claim that does not match, and probes have no line")
        func quietLines() async throws {
            try await IntegrationEnvironment.run { world in
                let bridge = try await world.start([
                    "eventBridge.oauth.issuer": "https://issuer.example/", "eventBridge.oauth.audience": "bridge",
                    "eventBridge.oauth.jwksURL": "https://issuer.example/keys",
                ])
                func part(_ json: JSON) -> String {
                    Data(json.serialized()).base64EncodedString().replacing("+", with: "-").replacing("/", with: "_")
                        .replacing("=", with: "")
                }
                let token = [
                    part(["alg": "RS256"]), part(["iss": "https://issuer.example/", "client_id": "other"]), "AAAA",
                ].joined(separator: ".")
                let request = Request("POST", "/eventbridge", ["authorization": "Bearer \(token)"], body: [])
                let answer = try await Client.exchange(request, with: bridge.listen)
                #expect(answer.status == 401 && !answer.text.contains("client_id"))
                for path in ["/healthz", "/readyz"] {
                    #expect(try await Client.exchange(.get(path), with: bridge.listen).status == 200)
                }
                let long = "/" + String(repeating: "x", count: 3000)
                #expect(try await Client.exchange(.get(long), with: bridge.listen).status == 404)
                try await bridge.stop()
                #expect(bridge.log(.deliveryRejected).map { $0["claim"] } == ["client_id"])
                let paths = bridge.log(.requestCompleted).compactMap { $0["path"]?.string }
                #expect(paths.map { String($0.prefix(12)) } == ["/eventbridge", String(long.prefix(12))])
                #expect(paths.allSatisfy { $0.utf8.count <= 200 })
            }
        }

        @Test(
            "repeated warnings are summarized, unless the level is debug", arguments: ["info", "debug"])
        func repeats(level: String) async throws {
            try await IntegrationEnvironment.run { world in
                let bridge = try await world.start(["log.level": level])
                for _ in 0..<57 {
                    #expect(try await Client.exchange(.sns(Array("{".utf8)), with: bridge.listen).status == 400)
                }
                #expect(try await Client.exchange(.get("/x y"), with: bridge.listen).status == 400)
                try await bridge.stop()
                #expect(bridge.log(.deliveryRejected).count == (level == "info" ? 20 : 57))
                #expect(bridge.log(.requestRejected).count == 1)
                #expect(bridge.log(.requestCompleted).count == (level == "info" ? 20 : 57))
                let sums = bridge.log.filter { $0["repeats"] != nil }
                #expect(
                    sums.compactMap { $0["repeats"]?.integer }.reduce(0, +)
                        == (level == "info" ? 74 : 0))
                for sum in sums {
                    let isAnswer = sum["line"]?.string == LogEvent.requestCompleted.message
                    #expect(isAnswer || sum["line"]?.string == LogEvent.deliveryRejected.message)
                    #expect(sum["code"]?.string == (isAnswer ? "400" : "malformed_json"))
                    #expect(sum["peer"]?.string == (isAnswer ? "127.0.0.1" : nil))
                    #expect(sum["level"]?.string == (isAnswer ? "info" : "warning"))
                    #expect(sum["message"]?.string == LogEvent.logLinesRepeated.message)
                }
            }
        }
    }
}
