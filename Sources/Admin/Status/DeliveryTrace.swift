import AWSClient
import AWSCore
import DequeModule
import Encoding
import JSON
import Processing
import Store

/// What this process did with a delivery. A pure value of bounded size.
struct DeliveryTrace: Sendable {
    /// A step of processing.
    struct Step: Sendable, Hashable {
        /// The kind of a step. The raw values are those of `step` in the document.
        enum Kind: String, Sendable, Hashable, CaseIterable {
            case received, leased, sent, released, retried, completed, dead
        }

        let at: Timestamp
        let kind: Kind
        var detail: String?
    }

    /// A request to AWS.
    struct Request: Sendable, Hashable {
        let at: Timestamp
        let call: AWSCall
    }

    /// A finding that the delivery is about.
    struct Finding: Sendable, Hashable {
        let id: String
        let severity: LedgerEntry.Severity?
        /// The result; nil if it was not sent.
        let result: FindingResult?
    }

    /// The newest entries of a list, and how many older ones were removed.
    struct Newest<Entry: Sendable>: Sendable {
        private(set) var entries: Deque<Entry> = []
        private(set) var omitted = 0

        mutating func append(_ entry: Entry) {
            if entries.count == DeliveryTrace.entryLimit {
                entries.removeFirst()
                omitted += 1
            }
            entries.append(entry)
        }
    }

    /// The most steps, requests and findings that are kept of a delivery.
    static let entryLimit = 20
    /// The longest detail of a step, in characters.
    static let detailLength = 500

    let accountRegion: AccountRegion
    let source: String?
    let channel: Delivery.Channel
    let receivedAt: Timestamp
    var attempts = 0
    /// The number of deliveries in its last batch, which share requests.
    var batchCount = 1
    var subject: String?
    private(set) var steps = Newest<Step>()
    private(set) var requests = Newest<Request>()
    private(set) var findings = Newest<Finding>()

    init(_ delivery: Delivery) {
        accountRegion = delivery.accountRegion
        source = delivery.source
        channel = delivery.channel
        receivedAt = delivery.receivedAt
    }

    mutating func add(_ kind: Step.Kind, _ detail: String? = nil, at time: Timestamp) {
        steps.append(Step(at: time, kind: kind, detail: detail.map { String($0.prefix(Self.detailLength)) }))
    }

    mutating func add(_ call: AWSCall, at time: Timestamp) { requests.append(Request(at: time, call: call)) }

    mutating func add(_ finding: Finding, at time: Timestamp) {
        findings.append(finding)
        guard let result = finding.result, result != .unchanged else { return }
        add(.sent, "\(result.rawValue): \(finding.id)", at: time)
    }

    /// The state by the last step, in the words of ``DeliveryRecord/State``; nil while it is processed.
    var lastState: DeliveryRecord.State? {
        switch steps.entries.last?.kind {
        case .completed: .completed
        case .dead: .dead
        default: nil
        }
    }
}
