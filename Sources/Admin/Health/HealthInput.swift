import AWSCore
import Encoding
import Processing
import SNS
import Store

/// Everything that ``Health`` is derived from.
struct HealthInput: Sendable {
    var now: Timestamp
    /// The monotonic time that the denials refer to.
    var elapsed = Duration.zero
    /// When the process started.
    var startedAt: Timestamp
    /// Contents of the queue; nil if the store is unavailable.
    var stored: StoreSnapshot.QueueSnapshot?
    /// Why the store cannot be read or written; nil if it can.
    var storeProblem: String?
    /// Account-Regions whose circuit breaker is open.
    var denied: [CircuitBreakers.Entry] = []
    /// Whether `sns.topics` allows a topic.
    var acceptsTopic: @Sendable (ARN) -> Bool = { _ in true }
    /// Whether `sns.topics` or EventBridge credentials are configured, so that anything can be received.
    var hasChannel = true
    /// Recent deliveries that point to a misconfigured sender.
    var intakeProblems = IntakeProblems()
    /// Capacity of the queue (`store.maxPending`).
    var maximumPending = Int.max
    /// Share of each dead-letter limit in use (1 is full), by configuration key.
    var deadLetterShares: [String: Double] = [:]
    /// Interval of catch-up; nil if off.
    var catchUpInterval: Duration?
    /// Warnings about the TLS certificate, as sentences.
    var certificateWarnings: [String] = []
    /// Whether the TLS certificate is not valid now.
    var hasInvalidCertificate = false
    /// Free space on the volume of the SQLite database, in bytes; nil if unknown or with PostgreSQL.
    var freeSpace: UInt64?

    /// The lanes whose deliveries wait because of a denial or a pause, which is reported as its own problem.
    var heldLanes: HeldLanes { HeldLanes(denied: Set(denied.map(\.lane)), pauses: stored?.pauses ?? []) }

    /// See ``heldLanes``.
    struct HeldLanes: Sendable {
        let denied: Set<DeliveryLane>
        let pauses: [Pause]

        func contains(_ lane: DeliveryLane) -> Bool {
            denied.contains(lane) || pauses.contains { $0.applies(to: lane) }
        }
    }
}
