package import JSON

/// How the messages of a source become findings: the content of a mapping file.
///
/// A mapping is read once; ``outcome(of:in:)`` applies it to each item. It knows nothing of where items come from: the
/// account, Region and source of a finding are those of the ``ItemContext``.
package struct Mapping: Sendable {
    /// The maximum number of items in a message.
    package static let maximumItems = 1000

    /// How an item is decoded before its members are read.
    enum Decoding: Sendable {
        /// The item is used as it is.
        case json
        /// The text at a path is a message in CEF, which takes the item's place.
        case cef(ItemPath)
    }

    /// A text with a URL.
    struct Remediation: Sendable {
        let text: TextRule
        let url: URLRule?
    }

    /// A named value; several values at its path are joined.
    struct Field: Sendable {
        let name: String
        let path: ItemPath
    }

    /// A resource of the finding.
    struct Resource: Sendable {
        let type: TextRule
        let id: TextRule
        let details: [Field]
    }

    /// What sends the messages, for operators; nil if the file does not say.
    package let about: String?
    let each: JSONPath
    let decoding: Decoding
    let ignore: EventPattern?
    /// Paths of accounts and ARNs that must be of the source's account-Region.
    let accounts: [ItemPath]
    let identity: IdentityRule
    let group: IdentityRule?
    let archivesGroupWhen: EventPattern?
    /// Nil for that of ``time``.
    let archivesGroupAt: TimeRule?
    let time: TimeRule?
    let firstObservedAt: TimeRule?
    let archivedWhen: EventPattern?
    let severity: SeverityRule
    let title: TextRule
    let description: TextRule
    let types: [TextRule]
    let resources: [Resource]
    let productFields: [Field]
    let sourceURL: URLRule?
    let remediation: Remediation?
    /// The tests in the file.
    package let tests: [MappingTest]

    /// Whether a finding can be archived by an item. If not, the source must have `expireAfter`.
    package var canArchive: Bool { archivedWhen != nil }

    /// Whether items state when their state changed. If not, the order of acceptance decides.
    package var statesTimes: Bool { time != nil }

    /// The items in a message, in order: the elements of the arrays and the other values that `each` selects.
    ///
    /// - Throws: ``MappingFailure`` if there is no such value or array, or if there are more than ``maximumItems``.
    package func items(in message: JSON) throws(MappingFailure) -> [JSON] {
        guard let items = split(message) else {
            throw MappingFailure(ItemError(.missing, paths: [each.description]), key: .each)
        }
        guard items.count <= Self.maximumItems else {
            throw MappingFailure(
                .notUnderstood, key: .each, problem: "more than \(Self.maximumItems) items. Send fewer in a message.")
        }
        return items
    }

    /// The items in a message, in order, also if there are more than ``maximumItems``; nil if `each` selects nothing.
    package func split(_ message: JSON) -> [JSON]? {
        let nodes = each.nodes(in: message, limit: Self.maximumItems + 1)
        return nodes.isEmpty ? nil : nodes.flatMap { $0.array ?? [$0] }
    }
}
