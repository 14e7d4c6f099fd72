/// The bytes of a response that are not sent yet, in chunks: for a slow client, at most one chunk is copied or encrypted ahead.
struct OutputQueue {
    private var bytes: [UInt8] = []
    private var position = 0

    /// The size of a chunk, in bytes.
    static let chunkLength = 65_536

    /// The number of bytes that are left.
    var count: Int { bytes.count - position }

    mutating func append(_ more: [UInt8]) {
        if count == 0 {
            (bytes, position) = (more, 0)
        } else {
            bytes.append(contentsOf: more)
        }
    }

    /// Removes and returns the next chunk; nil if nothing is left.
    mutating func next() -> [UInt8]? {
        guard count > 0 else { return nil }
        let end = min(position + Self.chunkLength, bytes.count)
        let chunk = end - position == bytes.count ? bytes : Array(bytes[position..<end])
        position = end
        if count == 0 { (bytes, position) = ([], 0) }
        return chunk
    }
}
