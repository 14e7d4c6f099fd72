extension [UInt8] {
    /// Appends the bytes of a span in one copy.
    package mutating func append(copying bytes: Span<UInt8>) {
        bytes.withUnsafeBufferPointer { append(contentsOf: $0) }
    }
}
