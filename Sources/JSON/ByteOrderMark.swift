/// The byte order mark that some tools write at the start of UTF-8 text (Unicode Standard, section 23.8).
package enum ByteOrderMark {
    private static let bytes: [UInt8] = [0xEF, 0xBB, 0xBF]

    /// The bytes without a leading byte order mark.
    package static func dropped(from text: [UInt8]) -> ArraySlice<UInt8> {
        text.starts(with: bytes) ? text.dropFirst(bytes.count) : text[...]
    }
}
