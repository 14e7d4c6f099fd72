import ErrorCodes
import Store

extension DeliveryQueue {
    /// Stores the deliveries of a request durably, all or none, before it returns.
    ///
    /// - Parameters:
    ///   - deliveries: each with the sender's own id; at least one.
    ///   - ignored: the detail types of other events of the request that change nothing.
    ///   - notServed: the number of other events of the request that are not served.
    func accept(
        _ deliveries: [(delivery: Delivery, senderID: String?)], ignored: [String?] = [], notServed: Int = 0
    ) async -> IntakeResult {
        do throws(StoreError) {
            let results = try await append(deliveries.map(\.delivery))
            return .accepted(
                AcceptedDeliveries(
                    queued: zip(deliveries, results).map {
                        QueuedDelivery($0.delivery, senderID: $0.senderID, isNew: $1 == .stored)
                    }, ignored: ignored.count, ignoredTypes: ignored, notServed: notServed))
        } catch {
            guard error.code == .invalidValue else {
                return .deferred(
                    IntakeError(
                        code: .storeUnavailable, message: "Storing the delivery failed: \(error.message)"))
            }
            return .rejected(
                IntakeError(code: .invalidID, message: "Invalid delivery id: \(error.message)"), .malformed)
        }
    }
}
