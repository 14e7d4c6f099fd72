package import Encoding
package import JSON

/// A time of an item.
package struct TimeRule: Sendable {
    /// How the time is written.
    package enum Format: String, Sendable, CaseIterable {
        /// `2026-06-10T12:20:15.000Z`: ISO 8601 as in RFC 3339, with `T` or a space, a fraction of at most nine digits,
        /// and `Z` or an offset such as `+02:00` or `+0200`. Second 60 is the first second of the next minute. A time
        /// without offset is not accepted: it would be wrong by hours in most places.
        case iso8601
        /// Seconds since 1970 as a number or a string, also with a fraction.
        case epochSeconds
        /// Milliseconds since 1970 as a number or a string.
        case epochMillis
    }

    /// A time that a rule found.
    package struct Reading: Sendable, Hashable {
        /// The time, rounded down to milliseconds; the time of receipt if the item's is too late.
        package let time: Timestamp
        /// Whether the item's time is more than ``TimeRule/tolerance`` after receipt and was replaced. To be counted.
        package let isReplaced: Bool
    }

    /// How far a sender's clock may be ahead of the time of receipt.
    package static let tolerance = Duration.seconds(300)

    let path: ItemPath
    let format: Format

    /// The time of an item; nil if it is missing, malformed or not after 1970-01-01T00:00:00Z, which senders use for a
    /// time that is not set. Of several paths the first with such a time counts. An epoch past the year 9999 is a time
    /// after receipt.
    ///
    /// - Throws: ``ItemError/Reason/several``.
    package func time(of item: JSON, receivedAt receipt: Timestamp) throws(ItemError) -> Reading? {
        var found: Timestamp?
        for path in path.alternatives where found == nil {
            let texts = path.texts(in: item)
            guard texts.count <= 1 else { throw ItemError(.several, paths: [path.description]) }
            found = texts.first.flatMap(parse).flatMap { $0 > .earliest ? $0 : nil }
        }
        guard let time = found else { return nil }
        let isReplaced = time > receipt + Self.tolerance
        return Reading(time: isReplaced ? receipt : time, isReplaced: isReplaced)
    }

    private func parse(_ text: String) -> Timestamp? {
        switch format {
        case .iso8601: Timestamp(iso8601: text, accepting: [.offset, .compactOffset, .space, .leapSecond])
        case .epochSeconds: Self.timestamp(text, millisecondsAsPowerOfTen: 3)
        case .epochMillis: Self.timestamp(text, millisecondsAsPowerOfTen: 0)
        }
    }

    private static func timestamp(_ text: String, millisecondsAsPowerOfTen power: Int) -> Timestamp? {
        guard let number = DecimalNumber(text), !number.isNegative else { return nil }
        return Timestamp(milliseconds: number.scaled(byPowerOfTen: power))
    }
}

extension TimeRule {
    private enum Key: String, CaseIterable { case path, `as` }

    /// Reads `{path, as: iso8601 | epochSeconds | epochMillis}`.
    package init?(reading tree: TreeReader, errors: inout MappingErrors) {
        let example = "{path: $.time, as: iso8601}"
        guard let object = tree.object(Key.self, example: example, errors: &errors) else { return nil }
        let path = object.required(.path, example: "$.time", errors: &errors)?.itemPath(errors: &errors)
        let format = object.required(.as, example: "iso8601", errors: &errors)?.word(Format.self, errors: &errors)
        guard let path, let format else { return nil }
        self.init(path: path, format: format)
    }
}
