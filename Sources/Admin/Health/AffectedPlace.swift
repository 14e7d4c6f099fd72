import AWSCore
import Encoding
import JSON
import Store

/// An account, an account-Region or a mapped source that a problem affects. A pure value.
struct AffectedPlace: Sendable, Hashable, Comparable {
    /// The account; nil for all.
    let account: AccountID?
    /// The Region; nil for all.
    var region: Region?
    /// The mapped source; nil for Device Defender, or for all.
    var source: String?
    /// What is special about this place, such as a topic.
    var detail: String?
    /// Since when it is affected.
    var since: Timestamp?

    init(_ lane: DeliveryLane, detail: String? = nil, since: Timestamp? = nil) {
        account = lane.accountRegion.account
        region = lane.accountRegion.region
        source = lane.source
        self.detail = detail
        self.since = since
    }

    init(_ scope: Pause.Scope, since: Timestamp) {
        account = scope.account
        source = scope.source
        self.since = since
    }

    static func < (left: Self, right: Self) -> Bool { left.order.lexicographicallyPrecedes(right.order) }

    private var order: [String] { [account?.digits ?? "", region?.name ?? "", source ?? "", detail ?? ""] }

    /// An element of `affected` in status.json.
    var json: JSON {
        var members: JSON.Members = [
            "account": account.map { .string($0.digits) } ?? .null,
            "region": region.map { .string($0.name) } ?? .null,
        ]
        members["source"] = source.map(JSON.string)
        members["detail"] = detail.map(JSON.string)
        if let since { members["since"] = .time(since) }
        return .object(members)
    }

    /// Lanes in words: the lane itself if there is one, otherwise their number.
    static func words(_ lanes: [DeliveryLane]) -> String {
        if let only = lanes.first, lanes.count == 1 { return only.words }
        let accounts = Set(lanes.map(\.accountRegion.account)).count
        let places = Set(lanes.map(\.accountRegion)).count
        let sources = Set(lanes.compactMap(\.source)).sorted()
        let place = accounts == places ? "\(accounts) accounts" : "\(places) account-Regions"
        guard let source = sources.first, sources.count == 1, lanes.allSatisfy({ $0.source == source }) else {
            return place
        }
        return "source \(source) of \(place)"
    }
}

extension DeliveryLane {
    /// The lane in words.
    var words: String {
        let place = "account \(accountRegion.account) in \(accountRegion.region)"
        return source.map { "source \($0) of \(place)" } ?? place
    }
}
