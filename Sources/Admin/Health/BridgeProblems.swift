/// Problems of the bridge itself: its store, its configuration, its certificate and its disk.
enum BridgeProblems {
    static func problems(_ input: HealthInput) -> [HealthProblem] {
        [store(input), listening(input)].compactMap(\.self) + certificate(input) + disk(input)
    }

    private static func store(_ input: HealthInput) -> HealthProblem? {
        guard let reason = input.storeProblem else { return nil }
        return HealthProblem(
            severity: .critical, cause: .storeUnavailable, summary: "The store is unavailable: \(reason)",
            remediation:
                "Deliveries are deferred (503), and nothing is processed; acknowledged deliveries are safe. The log repeats "
                + "the reason each minute. SQLite: check the volume (full, read-only, I/O error). PostgreSQL: check that the "
                + "database accepts connections and writes. The bridge recovers automatically.",
            commands: ["defender-bridge health"], stopsFindings: true)
    }

    private static func listening(_ input: HealthInput) -> HealthProblem? {
        guard !input.hasChannel else { return nil }
        return HealthProblem(
            severity: .critical, cause: .nothingAccepted,
            summary: "All deliveries are rejected: no sns.topics, EventBridge credentials or sources are configured.",
            remediation: "Set sns.topics to the ARNs of Device Defender's topics.",
            commands: ["defender-bridge config show"], stopsFindings: true)
    }

    private static func certificate(_ input: HealthInput) -> [HealthProblem] {
        input.certificateWarnings.map { warning in
            HealthProblem(
                severity: .critical, cause: .certificate, summary: warning,
                remediation:
                    "Renew the certificate and write it to the files of listen.tls; the bridge loads it within ten seconds. "
                    + "Once it has expired, SNS and EventBridge deliver nothing.",
                stopsFindings: input.hasInvalidCertificate)
        }
    }

    private static func disk(_ input: HealthInput) -> [HealthProblem] {
        guard let free = input.freeSpace, free < leastFreeSpace else { return [] }
        return [
            HealthProblem(
                severity: .warning, cause: .diskFull,
                summary: "The disk is nearly full: \(free / 1_000_000) MB are free.",
                remediation:
                    "Free space on the volume of store.url, or enlarge it; the bridge recovers automatically. When it is "
                    + "full, deliveries are deferred (503).")
        ]
    }

    /// In bytes.
    private static let leastFreeSpace: UInt64 = 500_000_000
}
