import CZstd
import Synchronization

/// Compression of short texts with a preset dictionary: Zstandard frames (RFC 8878), without checksum.
package final class TextCompressor: Sendable {
    /// Bytes that the decompressor rejects.
    package struct DamagedDataError: Error {}

    /// zstd's own default. With higher levels, a text takes twice the time and is a twentieth shorter.
    private static let level: Int32 = 3

    // zstd never changes a loaded dictionary, and lets threads share it. It is never freed: compressors are constants.
    nonisolated(unsafe) private let compressionDictionary: OpaquePointer
    nonisolated(unsafe) private let decompressionDictionary: OpaquePointer
    // Creating a context takes longer than compressing a text with it.
    private let compressionContexts = ContextPool { ZSTD_createCCtx() }
    private let decompressionContexts = ContextPool { ZSTD_createDCtx() }

    /// Creates a compressor. It must be a constant of the program.
    ///
    /// - Parameter dictionary: text that texts are likely to contain; needed to decompress them.
    package init(dictionary: [UInt8]) {
        // These functions fail only if memory is exhausted, where Swift itself traps.
        guard let compression = ZSTD_createCDict(dictionary, dictionary.count, Self.level),
            let decompression = ZSTD_createDDict(dictionary, dictionary.count)
        else { preconditionFailure("out of memory") }
        compressionDictionary = compression
        decompressionDictionary = decompression
    }

    /// Compresses bytes.
    package func compress(_ bytes: [UInt8]) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: ZSTD_compressBound(bytes.count)) { output, count in
            count = compressionContexts.use {
                ZSTD_compress_usingCDict(
                    $0, output.baseAddress, output.count, bytes, bytes.count, compressionDictionary)
            }
            // Within the bound, compression always succeeds.
            precondition(ZSTD_isError(count) == 0, "ZSTD_compress_usingCDict failed")
        }
    }

    /// Decompresses bytes.
    ///
    /// - Parameters:
    ///   - bytes: compressed bytes, possibly damaged.
    ///   - count: the number of bytes after decompression.
    /// - Throws: ``DamagedDataError`` unless the bytes are complete frames of that many bytes.
    package func decompress(_ bytes: ArraySlice<UInt8>, count: Int) throws(DamagedDataError) -> [UInt8] {
        guard count >= 0 else { throw DamagedDataError() }
        var isComplete = false
        let text = [UInt8](unsafeUninitializedCapacity: count) { output, written in
            let result = bytes.withUnsafeBufferPointer { input in
                decompressionContexts.use {
                    ZSTD_decompress_usingDDict(
                        $0, output.baseAddress, count, input.baseAddress, input.count, decompressionDictionary)
                }
            }
            isComplete = result == count
            written = isComplete ? count : 0
        }
        guard isComplete else { throw DamagedDataError() }
        return text
    }
}

/// Contexts of zstd that are not in use: as many as were in use concurrently.
private struct ContextPool: ~Copyable, Sendable {
    /// A context, which only the call that has taken it from the pool uses.
    private struct Context: @unchecked Sendable {
        let pointer: OpaquePointer
    }

    private let idle = Mutex<[Context]>([])
    private let create: @Sendable () -> OpaquePointer?

    init(_ create: @escaping @Sendable () -> OpaquePointer?) { self.create = create }

    func use<Result>(_ body: (OpaquePointer) -> Result) -> Result {
        let context = idle.withLock { $0.popLast() } ?? created
        defer { idle.withLock { $0.append(context) } }
        return body(context.pointer)
    }

    private var created: Context {
        guard let pointer = create() else { preconditionFailure("out of memory") }
        return Context(pointer: pointer)
    }
}
