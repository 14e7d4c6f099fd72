import Cryptography
package import JSON
package import SourceMapping

/// The items of a request or message of a mapped source, each to be stored as a delivery of its own.
package struct SourceItems: Sendable, Hashable {
    /// Why a message cannot be split.
    package enum Failure: Error, Hashable {
        /// The text is neither JSON nor lines of JSON.
        case malformed(JSONDocumentsError)
        /// There are more than ``Mapping/maximumItems``.
        case tooMany
    }

    /// The JSON texts of the items, in order.
    package let payloads: [[UInt8]]

    /// Splits a text: JSON or lines of JSON (NDJSON), each split by the mapping's `each`.
    ///
    /// A message in which `each` selects nothing is one item: the mapping rejects it, so that it becomes a dead letter.
    package init(_ text: [UInt8], _ mapping: Mapping) throws(Failure) {
        let limit = Mapping.maximumItems
        let messages: [JSON]
        do throws(JSONDocumentsError) {
            messages = try JSON.documents(in: text, limit: limit)
        } catch {
            throw .malformed(error)
        }
        var items: [JSON] = []
        for message in messages {
            items += mapping.split(message) ?? [message]
            guard items.count <= limit else { throw .tooMany }
        }
        payloads = items.map { $0.serialized() }
    }

    /// Splits a message that its sender does not repeat. One that cannot be split is one item, which becomes a dead letter.
    package init(ofMessage text: [UInt8], _ mapping: Mapping) {
        do throws(Failure) {
            self = try SourceItems(text, mapping)
        } catch {
            payloads = [text]
        }
    }
}
