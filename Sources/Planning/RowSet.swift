import Encoding

/// A set of row numbers of the ledger.
///
/// 65,536 consecutive numbers take at most 8 KiB in memory and in the stored form: a block of bits for each range of that
/// length that contains any.
package struct RowSet: Sendable, Hashable {
    private static let wordsOfBlock = 1024
    /// Up to so many numbers of a block are stored as a list.
    private static let longestList = 4096

    private var blocks: [Int64: [UInt64]] = [:]

    /// Creates an empty set.
    package init() {}

    /// Whether the set contains no number.
    package var isEmpty: Bool { blocks.isEmpty }

    /// Adds a number.
    package mutating func insert(_ number: Int64) {
        let (block, word, bit) = Self.place(number)
        blocks[block, default: [UInt64](repeating: 0, count: Self.wordsOfBlock)][word] |= bit
    }

    /// Adds the numbers of another set.
    package mutating func formUnion(_ other: RowSet) {
        blocks.merge(other.blocks) { words, others in zip(words, others).map { $0 | $1 } }
    }

    /// Whether the set contains a number.
    package func contains(_ number: Int64) -> Bool {
        let (block, word, bit) = Self.place(number)
        return blocks[block].map { $0[word] & bit != 0 } ?? false
    }

    private static func place(_ number: Int64) -> (block: Int64, word: Int, bit: UInt64) {
        (number >> 16, Int(number >> 6 & 0x3FF), 1 << UInt64(number & 0x3F))
    }

    // MARK: Storing

    /// The form for a checkpoint, in Base64: for each block its number, how many numbers follow as a list (0 for all
    /// bits), and these.
    package var stored: String {
        var bytes: [UInt8] = []
        for (block, words) in blocks.sorted(by: { $0.key < $1.key }) {
            Self.append(UInt64(bitPattern: block), length: 8, to: &bytes)
            let count = words.reduce(0) { $0 + $1.nonzeroBitCount }
            guard count <= Self.longestList else {
                Self.append(0, length: 2, to: &bytes)
                for word in words { Self.append(word, length: 8, to: &bytes) }
                continue
            }
            Self.append(UInt64(count), length: 2, to: &bytes)
            for (index, word) in words.enumerated() where word != 0 {
                for bit in 0..<64 where word & 1 << UInt64(bit) != 0 {
                    Self.append(UInt64(index * 64 + bit), length: 2, to: &bytes)
                }
            }
        }
        return Base64.encode(bytes)
    }

    /// Reads the stored form; nil if it is invalid.
    package init?(stored: String) {
        guard let bytes = Base64.decode(stored) else { return nil }
        var rest = bytes[...]
        while !rest.isEmpty {
            guard let block = Self.pop(8, from: &rest).map(Int64.init(bitPattern:)), blocks[block] == nil,
                let count = Self.pop(2, from: &rest), count <= Self.longestList
            else { return nil }
            var words = [UInt64](repeating: 0, count: Self.wordsOfBlock)
            if count == 0 {
                for index in words.indices {
                    guard let word = Self.pop(8, from: &rest) else { return nil }
                    words[index] = word
                }
            } else {
                for _ in 0..<count {
                    guard let number = Self.pop(2, from: &rest) else { return nil }
                    words[Int(number >> 6)] |= 1 << (number & 0x3F)
                }
            }
            blocks[block] = words
        }
    }

    /// Appends a number, the lowest byte first.
    private static func append(_ value: UInt64, length: Int, to bytes: inout [UInt8]) {
        for index in 0..<length { bytes.append(UInt8(truncatingIfNeeded: value >> UInt64(8 * index))) }
    }

    /// Removes a number from the beginning; nil if there are not enough bytes.
    private static func pop(_ length: Int, from bytes: inout ArraySlice<UInt8>) -> UInt64? {
        guard bytes.count >= length else { return nil }
        var value: UInt64 = 0
        for byte in bytes.prefix(length).reversed() { value = value << 8 | UInt64(byte) }
        bytes = bytes.dropFirst(length)
        return value
    }
}
