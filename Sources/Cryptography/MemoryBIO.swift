import COpenSSL

/// Owns a `BIO` in memory: a queue of bytes that OpenSSL reads from or writes to.
final class MemoryBIO {
    let pointer: OpaquePointer

    init() throws(CryptographyError) {
        pointer = try openSSL("Out of memory.") { BIO_new(BIO_s_mem()) }
    }

    /// A queue that holds a copy of the bytes.
    convenience init(_ bytes: [UInt8]) throws(CryptographyError) {
        try self.init()
        try openSSLStatus("Out of memory.") {
            bytes.isEmpty ? 1 : BIO_write(pointer, bytes, Int32(clamping: bytes.count))
        }
    }

    deinit { BIO_free(pointer) }

    /// Takes everything out.
    func takeAll() -> [UInt8] { takeAllBytes(from: pointer) }
}

/// Takes everything out of a `BIO` in memory.
func takeAllBytes(from bio: OpaquePointer) -> [UInt8] {
    let pending = BIO_ctrl_pending(bio)
    guard pending > 0 else { return [] }
    return [UInt8](unsafeUninitializedCapacity: pending) { buffer, count in
        count = max(0, Int(BIO_read(bio, buffer.baseAddress, Int32(clamping: buffer.count))))
    }
}
