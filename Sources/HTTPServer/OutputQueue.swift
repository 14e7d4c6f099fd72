/// An answer on its way, handed over in pieces as the client takes it: so that no more than one piece is copied, or
/// encrypted, ahead of a client that is slow.
struct OutputQueue {
    private var bytes: [UInt8] = []
    private var position = 0

    /// The size of a piece.
    static let pieceLength = 65_536

    /// How many bytes are left.
    var count: Int { bytes.count - position }

    mutating func append(_ more: [UInt8]) {
        if count == 0 {
            (bytes, position) = (more, 0)
        } else {
            bytes.append(contentsOf: more)
        }
    }

    /// Takes the next piece; nil if nothing is left.
    mutating func next() -> [UInt8]? {
        guard count > 0 else { return nil }
        let end = min(position + Self.pieceLength, bytes.count)
        let piece = end - position == bytes.count ? bytes : Array(bytes[position..<end])
        position = end
        if count == 0 { (bytes, position) = ([], 0) }
        return piece
    }
}
