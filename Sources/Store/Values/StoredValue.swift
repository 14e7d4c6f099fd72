import Cryptography

/// A value of a table, as both engines store it.
package enum StoredValue: Sendable {
    /// NULL.
    case null
    /// A number, or a Boolean as 0 or 1.
    case integer(Int64)
    /// A text.
    case text(String)
    /// Bytes.
    case bytes([UInt8])

    /// The length of a text or bytes; 0 for other values.
    package var size: Int {
        switch self {
        case .null, .integer: 0
        case .text(let text): text.utf8.count
        case .bytes(let bytes): bytes.count
        }
    }

    /// The number; nil for any other value.
    package var integer: Int64? {
        if case .integer(let value) = self { value } else { nil }
    }

    /// The text; nil for any other value.
    package var text: String? {
        if case .text(let value) = self { value } else { nil }
    }

    /// The bytes; nil for any other value.
    package var bytes: [UInt8]? {
        if case .bytes(let value) = self { value } else { nil }
    }

    /// The type, the length and the bytes of the value.
    fileprivate var encoded: [UInt8] {
        switch self {
        case .null: [0]
        case .integer(let value): [1] + Self.bytes(of: value)
        case .text(let text): [2] + Self.bytes(of: Int64(text.utf8.count)) + Array(text.utf8)
        case .bytes(let bytes): [3] + Self.bytes(of: Int64(bytes.count)) + bytes
        }
    }

    private static func bytes(of value: Int64) -> [UInt8] { withUnsafeBytes(of: value.littleEndian) { Array($0) } }
}

/// The number of rows and a digest of their values, which does not depend on the order of the rows.
package struct TableDigest: Sendable, Hashable {
    /// The number of rows.
    package private(set) var count = 0
    // The sums of the rows' SHA-256 digests, in words of 64 bits.
    private var sums: [UInt64] = [0, 0, 0, 0]

    /// The digest of no rows.
    package init() {}

    /// Adds rows.
    package mutating func add(_ rows: [[StoredValue]]) {
        for row in rows {
            let digest = Digest.sha256(row.reduce(into: []) { $0 += $1.encoded })
            for word in sums.indices {
                sums[word] &+= digest[(word * 8)..<(word * 8 + 8)].reduce(0) { $0 << 8 | UInt64($1) }
            }
        }
        count += rows.count
    }
}
