import Compression

/// The texts of a ledger entry that are only read together with it: they are compressed and kept apart from what is
/// looked up and updated.
package struct LedgerContent: Sendable, Hashable {
    /// The finding's ASFF `Id`.
    package let id: String
    /// The subject of dispositions about the finding.
    package let subject: String
    /// The finding as ASFF JSON.
    package let finding: [UInt8]

    /// Creates a value.
    package init(id: String, subject: String, finding: [UInt8]) {
        self.id = id
        self.subject = subject
        self.finding = finding
    }

    /// The maximum length of the decompressed texts, in bytes. AWS limits a finding to 240 KB.
    private static let maximumLength = 1 << 22
    private static let version: UInt8 = 1

    /// The stored form: a version, the lengths of texts, id and subject, and the compressed texts.
    package var stored: [UInt8] {
        let texts = Array(id.utf8) + Array(subject.utf8) + finding
        return [Self.version] + Self.number(texts.count) + Self.number(id.utf8.count) + Self.number(subject.utf8.count)
            + Deflate.compress(texts, dictionary: ContentDictionary.version1)
    }

    /// Reads the stored form.
    ///
    /// - Throws: ``StoreError/unreadableRow`` if it is damaged.
    package init(stored: [UInt8]) throws(StoreError) {
        var rest = stored[...]
        guard rest.popFirst() == Self.version, let length = Self.popNumber(&rest), length <= Self.maximumLength,
            let idLength = Self.popNumber(&rest), let subjectLength = Self.popNumber(&rest),
            idLength + subjectLength <= length
        else { throw .unreadableRow }
        let texts: [UInt8]
        do {
            texts = try Deflate.decompress(rest, count: length, dictionary: ContentDictionary.version1)
        } catch {
            throw .unreadableRow
        }
        id = String(decoding: texts[..<idLength], as: UTF8.self)
        subject = String(decoding: texts[idLength..<(idLength + subjectLength)], as: UTF8.self)
        finding = Array(texts[(idLength + subjectLength)...])
    }

    /// A number in seven bits a byte, the lowest first; all bytes but the last have their highest bit set.
    private static func number(_ value: Int) -> [UInt8] {
        var (rest, bytes) = (value, [UInt8]())
        while rest > 0x7F {
            bytes.append(UInt8(truncatingIfNeeded: rest & 0x7F) | 0x80)
            rest >>= 7
        }
        return bytes + [UInt8(truncatingIfNeeded: rest)]
    }

    /// Removes a number from the beginning; nil if there is none that is at most ``maximumLength``.
    private static func popNumber(_ bytes: inout ArraySlice<UInt8>) -> Int? {
        var (value, shift) = (0, 0)
        while let byte = bytes.popFirst(), shift <= 21 {
            value |= Int(byte & 0x7F) << shift
            if byte & 0x80 == 0 { return value }
            shift += 7
        }
        return nil
    }
}
