package import Encoding

/// A row of the table of deliveries, read without validation, and the rules that it must meet. A pure value.
package struct DeliveryRow: Sendable, Hashable {
    /// The columns of the table, see ``Delivery`` and ``DeadLetter``.
    package var id: String
    package var lane: String
    package var channel: String
    package var state: String
    package var readyAt: Timestamp?
    package var attempts: Int64
    package var leaseNumber: Int64
    package var leaseOwner: String?
    package var firstFailedAt: Timestamp?
    package var lastFailedAt: Timestamp?
    package var reason: String?
    package var checkpoint: String?
    package var completedAt: Timestamp?
    /// The size of the payload in bytes; nil if there is none.
    package var payloadLength: Int64?

    /// The violated rules, each in words that complete "Delivery …".
    package var problems: [String] {
        var problems: [String] = []
        func check(_ holds: Bool, _ problem: String) { if !holds { problems.append(problem) } }
        let isQueued = state == "pending" || state == "leased"
        check(Limits.isDeliveryID(id), "has an id that is not 1 to 256 visible ASCII characters")
        check(DeliveryLane(stored: lane) != nil, "has an invalid account-Region")
        check(Delivery.Channel(rawValue: channel) != nil, "has an unknown channel")
        check(isQueued || state == "completed" || state == "dead", "has an unknown state")
        check((readyAt != nil) == isQueued, "is \(state) but \(readyAt == nil ? "has no" : "has a") ready time")
        check(
            (leaseOwner != nil) == (state == "leased"),
            "is \(state) but \(leaseOwner == nil ? "has no" : "has a") lease owner")
        check(state != "leased" || attempts >= 1, "is leased but has no attempt")
        check(attempts >= 0 && attempts <= leaseNumber, "has more attempts than leases")
        check(
            (completedAt != nil) == (state == "completed"),
            "is \(state) but \(completedAt == nil ? "has no" : "has a") completion time")
        check(
            (payloadLength != nil) == (state != "completed"),
            payloadLength == nil ? "has no payload" : "is completed but has a payload")
        check(checkpoint == nil || state != "completed", "is completed but has a checkpoint")
        check(
            checkpoint.map { Limits.isText($0, atMost: LedgerUpdate.maximumCheckpointLength) } ?? true,
            "has a checkpoint that is empty or too long")
        let failures = [firstFailedAt != nil, lastFailedAt != nil, reason != nil]
        check(Set(failures).count == 1, "has incomplete failure data")
        check(state != "dead" || failures == [true, true, true], "is dead but has no reason or failure times")
        return problems
    }
}
