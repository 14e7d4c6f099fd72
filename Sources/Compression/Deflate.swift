import CZlib

/// Compression of short texts with a preset dictionary: raw DEFLATE (RFC 1951), without header or checksum.
package enum Deflate {
    /// Bytes that the decompressor rejects.
    package struct DamagedDataError: Error {}

    /// The window: 8 KiB. Dictionary and text together should not be longer.
    private static let window: Int32 = 13
    private static let level: Int32 = 1
    /// The size of the hash table, which is cleared for each text: 2 to the power of this number plus 7.
    private static let memory: Int32 = 5

    /// Compresses bytes.
    ///
    /// - Parameters:
    ///   - bytes: at most 1 GiB.
    ///   - dictionary: text that the bytes are likely to contain, the likeliest at its end; needed to decompress them.
    package static func compress(_ bytes: [UInt8], dictionary: [UInt8]) -> [UInt8] {
        var stream = z_stream()
        // These functions fail only if memory is exhausted, where Swift itself traps, or for invalid constants.
        precondition(CZlib_deflateInit2(&stream, level, window, memory) == Z_OK, "deflateInit2 failed")
        defer { deflateEnd(&stream) }
        precondition(deflateSetDictionary(&stream, dictionary, uInt(dictionary.count)) == Z_OK, "invalid dictionary")
        let bound = Int(deflateBound(&stream, uLong(bytes.count)))
        return [UInt8](unsafeUninitializedCapacity: bound) { output, count in
            bytes.withUnsafeBufferPointer { input in
                stream.next_in = UnsafeMutablePointer(mutating: input.baseAddress)
                stream.avail_in = uInt(input.count)
                stream.next_out = output.baseAddress
                stream.avail_out = uInt(output.count)
                // Within the bound, one call always reaches the end.
                precondition(deflate(&stream, Z_FINISH) == Z_STREAM_END, "deflate failed")
            }
            count = output.count - Int(stream.avail_out)
        }
    }

    /// Decompresses bytes.
    ///
    /// - Parameters:
    ///   - bytes: compressed bytes, possibly damaged.
    ///   - count: the number of bytes after decompression.
    ///   - dictionary: the one they were compressed with.
    /// - Throws: ``DamagedDataError`` unless the bytes are a complete stream of that many bytes.
    package static func decompress(
        _ bytes: ArraySlice<UInt8>, count: Int, dictionary: [UInt8]
    ) throws(DamagedDataError) -> [UInt8] {
        var stream = z_stream()
        guard count >= 0, count <= Int(Int32.max), bytes.count <= Int(Int32.max),
            CZlib_inflateInit2(&stream, window) == Z_OK
        else { throw DamagedDataError() }
        defer { inflateEnd(&stream) }
        guard inflateSetDictionary(&stream, dictionary, uInt(dictionary.count)) == Z_OK else {
            throw DamagedDataError()
        }
        var isComplete = false
        // One byte more, so that a longer stream is noticed.
        let text = [UInt8](unsafeUninitializedCapacity: count + 1) { output, written in
            bytes.withUnsafeBufferPointer { input in
                stream.next_in = UnsafeMutablePointer(mutating: input.baseAddress)
                stream.avail_in = uInt(input.count)
                stream.next_out = output.baseAddress
                stream.avail_out = uInt(count + 1)
                isComplete = inflate(&stream, Z_FINISH) == Z_STREAM_END && stream.avail_in == 0
            }
            written = count + 1 - Int(stream.avail_out)
        }
        guard isComplete, text.count == count else { throw DamagedDataError() }
        return text
    }
}
