import AWSCore
import Encoding
import Foundation
import HTTPClient
import HTTPTypes
import JSON
import LocalAWS
import Synchronization
import TestSupport

/// Three bridges on one database, each with its own connection pooler that can be stopped to cut it off, under a continuous
/// load of alarms, whose results are checked.
final class FaultInjectionEnvironment: Sendable {
    private struct State {
        var bridges: [ServedBridge?] = [nil, nil, nil]
        /// The newest acknowledged event of each violation, and when it was acknowledged.
        var acknowledged: [String: (isOver: Bool, accountRegion: AccountRegion, at: ContinuousClock.Instant)] = [:]
        var isEnding = false
        var unavailable = 0
    }

    private let program: String
    private let cluster: PostgreSQLCluster
    private let aws: LocalAWS
    private let client: HTTPClient
    private let rate: Int
    private let database: String
    private let folder: TemporaryFolder
    private let poolers: [Process]
    private let topics: [ARN]
    private let state = Mutex(State())

    private static let limit = Duration.seconds(15)
    private static let longestFault = 15
    private static let recoveryTime = Duration.seconds(5)

    init(program: String, cluster: PostgreSQLCluster, aws: LocalAWS, client: HTTPClient, rate: Int) async throws {
        (self.program, self.cluster, self.aws, self.client, self.rate) = (program, cluster, aws, client, rate)
        folder = try TemporaryFolder()
        try folder.write(aws.certificateAuthorityPEM, as: "authority.pem")
        database = try await cluster.makeDatabase()
        topics = ReplicaEnvironment.configuration.regions.map {
            ARN(
                service: "sns", accountRegion: AccountRegion(account: aws.credentials.account, region: $0),
                resource: "intake")
        }
        poolers = try (0..<3).map { [folder, database, port = cluster.port] number in
            try Self.pooler(number, in: folder, to: database, port)
        }
        try await cluster.run("CREATE ROLE bridge LOGIN")
        // Another role owns the tables, so that privileges can be revoked.
        let first = try await start(0, url: cluster.url(database))
        try await first.stop()
        try await grant()
        for number in 0..<3 { try await restart(number) }
    }

    // MARK: Parts

    private static func pooler(
        _ number: Int, in folder: TemporaryFolder, to database: String, _ port: UInt16
    ) throws -> Process {
        let socket = folder.path("pooler-\(number)")
        try FileManager.default.createDirectory(atPath: socket, withIntermediateDirectories: false)
        try FileManager.default.setAttributes([.posixPermissions: 0o777], ofItemAtPath: socket)
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: folder.path)
        let file = try folder.write(
            """
            [databases]
            \(database) = host=127.0.0.1 port=\(port) user=bridge
            [pgbouncer]
            listen_addr =
            unix_socket_dir = \(socket)
            listen_port = 6432
            auth_type = any
            pool_mode = session
            """, as: "pooler-\(number).ini")
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments =
            (geteuid() == 0 ? ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", "--"] : [])
            + ["/usr/sbin/pgbouncer", file]
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try ProcessLaunch.alone { try process.run() }
        return process
    }

    private func start(_ number: Int, url: String) async throws -> ServedBridge {
        let settings = [
            "store.url": url, "sns.topics": topics.map(\.description).joined(separator: ","),
            "network.connectTo": aws.connectTo.joined(separator: ","), "catchUp.interval": "off",
            "securityHub.requestsPerSecond": "100", "securityHub.burst": "100",
        ]
        return try await ServedBridge(
            program: program, settings: settings,
            environment: aws.endpointEnvironment.merging(["AWS_CA_BUNDLE": folder.path("authority.pem")]) { $1 },
            log: folder.path("bridge-\(number)-\(UUID().uuidString).log"), client: client)
    }

    private func restart(_ number: Int) async throws {
        let host = folder.path("pooler-\(number)").replacing("/", with: "%2F")
        let bridge = try await start(
            number, url: "postgresql://bridge@\(host):6432/\(database)?sslmode=disable")
        state.withLock { $0.bridges[number] = bridge }
    }

    private func grant() async throws {
        try await cluster.run(
            "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO bridge", in: database)
    }

    /// Stops all processes.
    func stop() async {
        state.withLock { $0.isEnding = true }
        for bridge in state.withLock({ $0.bridges }) { try? await bridge?.stop() }
        for pooler in poolers {
            kill(pooler.processIdentifier, SIGKILL)
        }
    }

    // MARK: Load

    private func alarm(_ number: Int, isOver: Bool) -> String {
        let alarm: JSON = [
            "violationEventTime": .integer(Int64(1_573_786_800_000) + Int64(number) + (isOver ? 1 : 0)),
            "thingName": .string("pump-\(number)"), "violationEventType": isOver ? "alarm-cleared" : "in-alarm",
            "behavior": [
                "name": "MessagesSent-High", "metric": "aws:num-messages-sent", "suppressAlerts": false,
                "criteria": [
                    "comparisonOperator": "less-than", "value": ["count": 10], "durationSeconds": 300,
                    "consecutiveDatapointsToAlarm": 1, "consecutiveDatapointsToClear": 1,
                ],
            ],
            "metricValue": ["count": 54], "violationId": .string("trouble-\(number)"), "securityProfileName": "Fleet",
        ]
        return String(decoding: alarm.serialized(), as: UTF8.self)
    }

    /// Delivers alarms at the rate, each until it is acknowledged; every second one is then cleared.
    private func load() async throws {
        let start = ContinuousClock.now
        try await withThrowingDiscardingTaskGroup { group in
            var number = 0
            while !state.withLock(\.isEnding) {
                let due = Int((ContinuousClock.now - start) / .seconds(1) * Double(rate) / 1.5)
                while number < due {
                    let current = number
                    group.addTask {
                        try await self.deliver(current, isOver: false)
                        if current.isMultiple(of: 2) { try await self.deliver(current, isOver: true) }
                    }
                    number += 1
                }
                try await Task.sleep(for: .milliseconds(20))
            }
        }
    }

    private func deliver(_ number: Int, isOver: Bool) async throws {
        let topic = topics[number % topics.count]
        let body = try aws.sign(
            [alarm(number, isOver: isOver)], of: topic, endpoint: "https://bridge.example/sns", signatureVersion: .two)[
                0]
        var attempt = number
        while true {
            attempt += 1
            let (bridge, isEnding) = state.withLock { ($0.bridges[attempt % 3], $0.isEnding) }
            // An unacknowledged delivery may be lost.
            if isEnding { return }
            if let bridge, await isAcknowledged(body, by: bridge) {
                let id =
                    "arn:aws:iot-device-defender:\(topic.accountRegion.region):\(topic.accountRegion.account):detect/violation/trouble-\(number)"
                return state.withLock { $0.acknowledged[id] = (isOver, topic.accountRegion, .now) }
            }
            state.withLock { $0.unavailable += 1 }
            try await Task.sleep(for: .milliseconds(500))
        }
    }

    private func isAcknowledged(_ body: [UInt8], by bridge: ServedBridge) async -> Bool {
        guard let url = URL(string: bridge.endpoint), let port = url.port else { return false }
        let request = HTTPRequest(method: .post, scheme: "http", authority: "127.0.0.1:\(port)", path: "/sns")
        let answer = try? await client.send(request, body: body, timeout: .seconds(6))
        return answer?.response.status == .ok
    }

    // MARK: Faults

    /// Injects one fault after the other; returns whether all acknowledged alarms arrived in time.
    func run(_ kinds: [InjectedFault], for duration: Duration, random: SeededGenerator) async throws -> Bool {
        var random = random
        let loading = Task { try await load() }
        let end = ContinuousClock.now + duration
        var delays: [InjectedFault: [Duration]] = [:]
        var bag: [InjectedFault] = []
        while .now < end {
            // So that deliveries are acknowledged between two faults, too.
            try await Task.sleep(for: Self.recoveryTime)
            if bag.isEmpty { bag = kinds.shuffled(using: &random) }
            let fault = bag.removeLast()
            let (victim, seconds) = (
                Int.random(in: 0..<3, using: &random), Int.random(in: 5...Self.longestFault, using: &random)
            )
            try await cause(fault, to: victim, for: .seconds(seconds))
            let delay = try await waitForAll(acknowledgedBefore: .now)
            delays[fault, default: []].append(delay)
            print(
                "\(fault.rawValue) for \(seconds) s: all alarms acknowledged until its end were imported \(Self.text(delay)) later"
            )
        }
        state.withLock { $0.isEnding = true }
        try await loading.value
        let last = try await waitForAll(acknowledgedBefore: .now)
        let isComplete = isOnce()
        let hasPassed = last <= Self.limit && delays.values.joined().allSatisfy { $0 <= Self.limit } && isComplete
        report(delays)
        return hasPassed
    }

    private func cause(_ fault: InjectedFault, to victim: Int, for time: Duration) async throws {
        let process = state.withLock { $0.bridges[victim]?.process } ?? 0
        switch fault {
        case .killed:
            let bridge = state.withLock { state in
                defer { state.bridges[victim] = nil }
                return state.bridges[victim]
            }
            try await bridge?.killImmediately()
            try await Task.sleep(for: time)
            try await restart(victim)
        case .stopped:
            kill(process, SIGSTOP)
            try await Task.sleep(for: time)
            kill(process, SIGCONT)
        case .starved:
            let end = ContinuousClock.now + time
            while .now < end {
                kill(process, SIGSTOP)
                try await Task.sleep(for: .milliseconds(900))
                kill(process, SIGCONT)
                try await Task.sleep(for: .milliseconds(100))
            }
        case .cutOff:
            kill(poolers[victim].processIdentifier, SIGSTOP)
            try await Task.sleep(for: time)
            kill(poolers[victim].processIdentifier, SIGCONT)
        case .databaseRestart:
            try await cluster.crash()
            try await Task.sleep(for: time / 2)
            try await cluster.start()
        case .sessionsEnded: try await endSessions()
        case .queueLocked: try await lock("delivery", for: time)
        case .ledgerLocked: try await lock("ledger", for: time)
        case .sharesLocked: try await lock("origin_holder", for: time)
        case .connectionsExhausted:
            try await cluster.run("ALTER ROLE bridge CONNECTION LIMIT 2")
            try await endSessions()
            try await Task.sleep(for: time)
            try await cluster.run("ALTER ROLE bridge CONNECTION LIMIT -1")
        case .rightsMissing:
            try await cluster.run("REVOKE INSERT, UPDATE ON delivery, finding FROM bridge", in: database)
            try await Task.sleep(for: time)
            try await grant()
        case .orphanedLeases:
            try await cluster.run(
                """
                UPDATE delivery SET state = 'leased', lease_owner = 'ghost', lease_number = lease_number + 1,
                    ready_at = (extract(epoch FROM clock_timestamp()) * 1000)::bigint
                WHERE state = 'pending' AND random() < 0.5
                """, in: database)
        }
    }

    private func endSessions() async throws {
        try await cluster.run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'bridge'")
    }

    private func lock(_ table: String, for time: Duration) async throws {
        let seconds = time / .seconds(1)
        try await cluster.run("BEGIN; LOCK TABLE \(table); SELECT pg_sleep(\(seconds)); COMMIT", in: database)
    }

    // MARK: Results

    /// Waits until Security Hub has the latest state of every alarm acknowledged before a time; returns the waiting time.
    private func waitForAll(acknowledgedBefore time: ContinuousClock.Instant) async throws -> Duration {
        let start = ContinuousClock.now
        let expected = state.withLock { $0.acknowledged.filter { $0.value.at <= time } }
        var missing = Array(expected.keys)
        while true {
            missing.removeAll { id in
                guard let wanted = expected[id], let finding = aws.finding(id, in: wanted.accountRegion) else {
                    return false
                }
                // An end that was acknowledged later may have been imported already.
                return finding["RecordState"]?.string == "ARCHIVED" || !wanted.isOver
            }
            let elapsed = ContinuousClock.now - start
            if missing.isEmpty { return elapsed }
            guard elapsed < .seconds(180) else {
                print("\(missing.count) findings are missing, for example \(missing.prefix(3))")
                return elapsed
            }
            try await Task.sleep(for: .milliseconds(50))
        }
    }

    private func isOnce() -> Bool {
        let found = topics.flatMap { aws.findings(in: $0.accountRegion).compactMap { $0["Id"]?.string } }
        let expected = state.withLock { $0.acknowledged }
        let wrong = expected.filter { id, wanted in
            aws.finding(id, in: wanted.accountRegion)?["RecordState"]?.string != (wanted.isOver ? "ARCHIVED" : "ACTIVE")
        }
        print(
            "\(expected.count) violations were acknowledged; Security Hub has \(found.count) findings, "
                + "\(Set(found).count) distinct; \(wrong.count) do not have their latest state")
        return found.count == Set(found).count && wrong.isEmpty && !expected.isEmpty
    }

    private func report(_ delays: [InjectedFault: [Duration]]) {
        print("\n| fault | count | longest delay after its end |\n|---|---|---|")
        for (fault, all) in delays.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
            print("| \(fault.rawValue) | \(all.count) | \(Self.text(all.max() ?? .zero)) |")
        }
        print("\nRequests that were not acknowledged on the first attempt: \(state.withLock(\.unavailable))")
    }

    private static func text(_ time: Duration) -> String { String(format: "%.1f s", time / .seconds(1)) }
}
