import AWSCore
import JSON
import Store

/// The body of an action on several dead letters, or on a pause. A pure value.
struct ActionRequest: Sendable, Hashable {
    /// Why a body cannot be used, in one line for operators.
    struct InvalidBody: Error, Hashable {
        let message: String
    }

    var account: AccountID?
    var region: Region?
    /// The name of a mapped source.
    var source: String?
    /// The normalized reason of dead letters, or the reason of a pause.
    var reason: String?
    /// The most dead letters; nil if the action has no limit.
    var count: Int?

    /// The most dead letters that one request replays or drops.
    static let countLimit = 10_000
    private static let names: Set<UTF8Text> = ["account", "region", "source", "reason", "count"]

    /// Parses the body of a request.
    init(_ body: [UInt8]) throws(InvalidBody) {
        guard let json = try? JSON(parsing: body), let members = json.object else {
            throw InvalidBody(message: "The body is not a JSON object. Send an object, for example {\"count\": 1}.")
        }
        if let unknown = members.keys.first(where: { !Self.names.contains($0) }) {
            throw InvalidBody(
                message:
                    "Unknown member \"\(unknown.description.prefix(64))\". Use account, region, source, reason and count."
            )
        }
        account = try Self.value("account", of: members, "12 digits") { $0.string.flatMap { AccountID($0) } }
        region = try Self.value("region", of: members, "the name of a Region") { $0.string.flatMap { Region($0) } }
        source = try Self.value("source", of: members, "the name of a mapped source") { value in
            value.string.flatMap { DeliveryLane.isSourceName($0) ? $0 : nil }
        }
        reason = try Self.value("reason", of: members, "a text without NUL of at most 2,048 characters") { value in
            value.string.flatMap { $0.unicodeScalars.count <= 2048 && !$0.utf8.contains(0) ? $0 : nil }
        }
        count = try Self.value("count", of: members, "a number from 1 to \(Self.countLimit)") { value in
            value.double.flatMap { Int(exactly: $0) }.flatMap { (1...Self.countLimit).contains($0) ? $0 : nil }
        }
    }

    private static func value<Value>(
        _ name: UTF8Text, of members: JSON.Members, _ expected: String, _ parse: (JSON) -> Value?
    ) throws(InvalidBody) -> Value? {
        guard let member = members[name], member != .null else { return nil }
        guard let value = parse(member) else {
            throw InvalidBody(message: "Invalid \(name.description). Use \(expected).")
        }
        return value
    }

    /// Whether a dead letter is meant.
    func matches(_ letter: DeadLetterSummary) -> Bool {
        guard account.map({ $0 == letter.accountRegion.account }) ?? true,
            region.map({ $0 == letter.accountRegion.region }) ?? true, source.map({ $0 == letter.source }) ?? true
        else { return false }
        guard let reason else { return true }
        return UTF8Text(NormalizedReason.text(letter.reason)) == UTF8Text(reason)
    }

    /// The scope of a pause: all accounts, one account, or one source.
    var pauseScope: Pause.Scope {
        get throws(InvalidBody) {
            switch (account, region, source, count) {
            case (nil, nil, nil, nil): .all
            case (let account?, nil, nil, nil): .account(account)
            case (nil, nil, let source?, nil): .source(source)
            default:
                throw InvalidBody(
                    message:
                        "A pause applies to all accounts, to one account or to one source. Use one of account and source."
                )
            }
        }
    }
}
