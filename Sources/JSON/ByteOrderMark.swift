/// The mark that some editors and tools put in front of a text in UTF-8 (Unicode Standard, section 23.8). It is no part of
/// the text.
package enum ByteOrderMark {
    private static let bytes: [UInt8] = [0xEF, 0xBB, 0xBF]

    /// The bytes without a mark in front of them.
    package static func dropped(from text: [UInt8]) -> ArraySlice<UInt8> {
        text.starts(with: bytes) ? text.dropFirst(bytes.count) : text[...]
    }
}
