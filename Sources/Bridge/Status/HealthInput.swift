import AWSCore
import SNS
import Store

/// What the health of a bridge is judged by. Times are milliseconds since 1970.
struct HealthInput: Sendable {
    var now: Int64
    /// When the bridge began.
    var startedAt: Int64
    /// What the store says; nil if it does not answer.
    var stored: StoreSnapshot.QueueSnapshot?
    /// Why the store does not answer, or, if it does, does not take what is written; nil if all is well.
    var storeProblem: String?
    /// Where AWS says no.
    var denied: [CircuitBreakers.Entry] = []
    /// Whether messages of a topic are taken.
    var acceptsTopic: @Sendable (ARN) -> Bool = { _ in true }
    /// Whether there are topics or credentials of EventBridge.
    var hasChannel = true
    /// What came in lately that points to a wrong setting elsewhere.
    var intakeProblems = IntakeProblems()
    /// How many deliveries may wait.
    var maximumPending = Int.max
    /// How much of each limit dead letters use, for the key that it comes from.
    var deadLetterShares: [String: Double] = [:]
    /// How often the bridge catches up, in milliseconds; nil for never.
    var catchUpInterval: Int64?
    /// What is the matter with the TLS certificate.
    var certificateWarnings: [String] = []
    /// Whether the TLS certificate is not valid now.
    var hasInvalidCertificate = false
    /// What is free on the store's disk, in bytes; nil if that is not known or another machine's.
    var freeSpace: UInt64?
}
