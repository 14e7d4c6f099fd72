import COpenSSL

/// Parses PEM, the textual encoding of RFC 7468.
enum PEM {
    /// The maximum size of a text, in bytes.
    static let maximumLength = 65_536

    /// One encoded value.
    struct Block {
        var label: String
        var der: [UInt8]
    }

    /// Parses the blocks of a text, in order; text around them is skipped.
    ///
    /// - Parameter what: the name of the text, for error messages.
    static func blocks(in text: [UInt8], what: String) throws(CryptographyError) -> [Block] {
        guard (1...maximumLength).contains(text.count) else {
            throw CryptographyError("The \(what) is not PEM: it has \(text.count) bytes, not 1 to \(maximumLength).")
        }
        let bio = try MemoryBIO(text)
        var blocks: [Block] = []
        while let block = try nextBlock(of: bio, what: what) { blocks.append(block) }
        return blocks
    }

    private static func nextBlock(of bio: MemoryBIO, what: String) throws(CryptographyError) -> Block? {
        var label: UnsafeMutablePointer<CChar>?
        var header: UnsafeMutablePointer<CChar>?
        var data: UnsafeMutablePointer<UInt8>?
        var length = 0
        defer {
            COpenSSL_free(label)
            COpenSSL_free(header)
            COpenSSL_free(data)
        }
        ERR_clear_error()
        guard PEM_read_bio(bio.pointer, &label, &header, &data, &length) == 1, let label, let header, let data else {
            let isEnd = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE
            let reasons = drainErrorQueue()
            guard isEnd else { throw CryptographyError("The \(what) is not valid PEM.", reasons: reasons) }
            return nil
        }
        guard header.pointee == 0 else {
            throw CryptographyError("The \(what) has PEM headers, which certificates and unencrypted keys do not have.")
        }
        let der = Array(UnsafeBufferPointer(start: data, count: length))
        return Block(label: String(cString: label), der: der)
    }
}
