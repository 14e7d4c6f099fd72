import AWSClient
import DequeModule
import Encoding
import Processing
import Store
import Synchronization

/// The traces of the deliveries that this process leased last, so that an operator can follow one of them.
///
/// Keeps at most ``deliveryLimit`` traces with ``DeliveryTrace/entryLimit`` steps, requests and findings each: some megabytes.
final class DeliveryTraceLog: Sendable {
    private struct State {
        var traces: [String: DeliveryTrace] = [:]
        /// The ids of the traces, oldest first.
        var order: Deque<String> = []
    }

    private let state = Mutex(State())

    /// The most deliveries whose traces are kept.
    static let deliveryLimit = 1000

    /// The trace of a delivery; nil if this process does not know it.
    func trace(of id: String) -> DeliveryTrace? { state.withLock { $0.traces[id] } }

    /// Records that deliveries were leased.
    func recordLeases(_ deliveries: [LeasedDelivery], now: Timestamp) {
        state.withLock { state in
            for leased in deliveries {
                let id = leased.delivery.id
                if state.traces[id] == nil {
                    if state.order.count == Self.deliveryLimit { state.traces[state.order.removeFirst()] = nil }
                    state.order.append(id)
                    var trace = DeliveryTrace(leased.delivery)
                    trace.add(.received, "by \(leased.delivery.channel.name)", at: leased.delivery.receivedAt)
                    state.traces[id] = trace
                }
                state.traces[id]?.attempts = leased.attempt
                state.traces[id]?.add(.leased, "attempt \(leased.attempt)", at: now)
            }
        }
    }

    /// Records a request to AWS for the deliveries that the current task processes.
    func recordCall(_ call: AWSCall, of ids: [String], now: Timestamp) {
        guard !ids.isEmpty else { return }
        state.withLock { state in
            for id in ids {
                state.traces[id]?.add(call, at: now)
                state.traces[id]?.batchCount = ids.count
            }
        }
    }

    /// Records that a finding was sent.
    func recordFinding(_ finding: DeliveryTrace.Finding, from id: String, now: Timestamp) {
        state.withLock { $0.traces[id]?.add(finding, at: now) }
    }

    /// Records another step of a delivery.
    func recordStep(
        _ kind: DeliveryTrace.Step.Kind, _ detail: String? = nil, about subject: String? = nil, of id: String,
        now: Timestamp
    ) {
        state.withLock { state in
            state.traces[id]?.add(kind, detail, at: now)
            if let subject { state.traces[id]?.subject = subject }
        }
    }
}
