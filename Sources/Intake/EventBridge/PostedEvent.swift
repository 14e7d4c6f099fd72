import AWSCore
import Cryptography
import DeviceDefender
import JSON
import SourceMapping

/// One event of a request of EventBridge.
struct PostedEvent: Sendable {
    /// Whose event it is.
    enum Owner: Sendable {
        /// Device Defender's, or that of no source.
        case deviceDefender
        /// A mapped source's.
        case source(MappedSource, AccountRegion)
        /// A mapped source's, of an account and Region that the source does not accept.
        case notServed

        /// Whether it is a mapped source's.
        var isSource: Bool { if case .source = self { true } else { false } }
    }

    /// The event's bytes.
    let payload: [UInt8]
    /// The event's id; nil if it has none.
    let id: String?
    /// The account and Region; nil if the event cannot be parsed as an event of Device Defender.
    let accountRegion: AccountRegion?
    /// Why the event cannot be parsed; nil if it can.
    let parseError: String?
    /// Whether the event changes no finding of Device Defender.
    let isIgnored: Bool
    private let stated: AccountRegion?
    private let json: JSON

    /// - Parameters:
    ///   - posted: the event, with its wrapper if it has one.
    ///   - body: its bytes as received; nil if it is in an array.
    init(_ posted: JSON, body: [UInt8]?) {
        json = EventBridgeEvent.unwrapped(posted)
        payload = json == posted ? body ?? json.serialized() : json.serialized()
        id = EventBridgeEvent.id(of: posted)
        stated = EventBridgeEvent.accountRegion(of: json)
        do throws(UnrecognizedMessageError) {
            let event = try EventBridgeEvent(json)
            (accountRegion, parseError) = (event.accountRegion, nil)
            if case .ignored = event.change { isIgnored = true } else { isIgnored = false }
        } catch {
            (accountRegion, parseError, isIgnored) = (nil, error.reason, false)
        }
    }

    /// The value of `detail-type`; nil if there is none.
    var detailType: String? { json["detail-type"]?.string }

    /// Whose event it is: Device Defender's if it changes a finding or may have been meant to, else that of the first source
    /// with a matching pattern.
    func owner(among sources: [EventSource]) -> Owner {
        let isDeviceDefenders =
            parseError == nil ? !isIgnored : json["source"] == "aws.iot" || json["source"] == nil
        guard !isDeviceDefenders else { return .deviceDefender }
        let matching = sources.filter { $0.patterns.contains { $0.matches(json) } }
        guard !matching.isEmpty else { return .deviceDefender }
        // The envelope alone proves whose event it is, not what is inside it.
        guard let account = json["account"]?.string.flatMap({ AccountID($0) }),
            let region = json["region"]?.string.flatMap({ Region($0) })
        else { return .notServed }
        let accountRegion = AccountRegion(account: account, region: region)
        guard let match = matching.first(where: { $0.accounts.contains(accountRegion) }) else { return .notServed }
        return .source(match.source, accountRegion)
    }

    /// The account and Region that an event of Device Defender is stored under; nil if it is dropped.
    func destination(served: Set<AccountRegion>, else neighbor: AccountRegion?) -> AccountRegion? {
        if let accountRegion { return served.contains(accountRegion) ? accountRegion : nil }
        if let stated, served.contains(stated) { return stated }
        return neighbor
    }

    /// The delivery's id: from the event's id or, if that is missing or not visible ASCII, from a digest of the event.
    var deliveryID: String {
        if let id, id.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) { return "eventbridge:\(id)" }
        return "eventbridge:sha256-\(Digest.hexadecimal(Digest.sha256(json.serialized())))"
    }
}
