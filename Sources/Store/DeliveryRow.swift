import AWSCore

/// A delivery as the tables have it, whatever that is, with the rules that it must keep. A pure value.
struct DeliveryRow: Sendable, Hashable {
    var id: String
    var accountRegion: String
    var channel: String
    var state: String
    var readyAt: Int64?
    var attempts: Int64
    var leaseNumber: Int64
    var leaseOwner: String?
    var firstFailedAt: Int64?
    var lastFailedAt: Int64?
    var reason: String?
    var checkpoint: String?
    var completedAt: Int64?
    /// The payload's length in bytes; nil when there is none.
    var payloadLength: Int64?

    /// What is wrong with it, in words that go on after "delivery …".
    var problems: [String] {
        var problems: [String] = []
        func check(_ holds: Bool, _ problem: String) { if !holds { problems.append(problem) } }
        let isQueued = state == "pending" || state == "leased"
        check(Limits.isDeliveryID(id), "has an id that is not 1 to 256 visible ASCII characters")
        check(AccountRegion(stored: accountRegion) != nil, "is of no account and Region")
        check(Delivery.Channel(rawValue: channel) != nil, "is from an unknown source")
        check(isQueued || state == "completed" || state == "dead", "is in an unknown state")
        check((readyAt != nil) == isQueued, "is \(state), and \(readyAt == nil ? "has no" : "has a") time to be leased")
        check((leaseOwner != nil) == (state == "leased"), "is \(state), and somebody's lease does not go with that")
        check(state != "leased" || attempts >= 1, "is leased, and was never tried")
        check(attempts >= 0 && attempts <= leaseNumber, "was tried more often than it was leased")
        check((completedAt != nil) == (state == "completed"), "is \(state), and the time of its completion is wrong")
        check(
            (payloadLength != nil) == (state != "completed"),
            payloadLength == nil ? "has lost its payload" : "is done, and still has its payload")
        check(checkpoint == nil || state != "completed", "is done, and still has a bookmark")
        check(
            checkpoint.map { Limits.isText($0, atMost: LedgerUpdate.maximumCheckpointLength) } ?? true,
            "has a bookmark that is too long or empty")
        let failures = [firstFailedAt != nil, lastFailedAt != nil, reason != nil]
        check(Set(failures).count == 1, "has only a part of what is kept of a failure")
        check(state != "dead" || failures == [true, true, true], "is dead, and does not say why and since when")
        return problems
    }
}
