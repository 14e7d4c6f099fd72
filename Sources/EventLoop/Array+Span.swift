extension [UInt8] {
    /// Adds the bytes of a span, all at once.
    package mutating func append(copying bytes: Span<UInt8>) {
        bytes.withUnsafeBufferPointer { append(contentsOf: $0) }
    }
}
