import COpenSSL

/// Owns a memory `BIO`: a byte queue that OpenSSL reads from or writes to.
final class MemoryBIO {
    let pointer: OpaquePointer

    init() throws(CryptographyError) {
        pointer = try openSSL("Out of memory.") { BIO_new(BIO_s_mem()) }
    }

    /// Makes a queue with a copy of the bytes.
    convenience init(_ bytes: [UInt8]) throws(CryptographyError) {
        try self.init()
        try openSSLStatus("Out of memory.") {
            bytes.isEmpty ? 1 : BIO_write(pointer, bytes, Int32(clamping: bytes.count))
        }
    }

    deinit { BIO_free(pointer) }

    /// Removes and returns all bytes.
    func takeAll() -> [UInt8] { takeAllBytes(from: pointer) }
}

/// Removes and returns all bytes of a memory `BIO`.
func takeAllBytes(from bio: OpaquePointer) -> [UInt8] {
    let pending = BIO_ctrl_pending(bio)
    guard pending > 0 else { return [] }
    return [UInt8](unsafeUninitializedCapacity: pending) { buffer, count in
        count = max(0, Int(BIO_read(bio, buffer.baseAddress, Int32(clamping: buffer.count))))
    }
}
