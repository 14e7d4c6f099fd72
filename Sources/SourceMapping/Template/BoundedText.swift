/// A text that never grows longer than a limit; what does not fit is dropped.
struct BoundedText {
    /// The text so far, of at most `limit` Unicode scalars.
    private(set) var text = ""
    /// The number of Unicode scalars that still fit.
    private(set) var remaining: Int

    /// - Parameter limit: the maximum length in Unicode scalars. A limit below 1 keeps the text empty.
    init(limit: Int) { remaining = max(limit, 0) }

    var isFull: Bool { remaining == 0 }

    /// Appends as many Unicode scalars as fit. Reads no more of a longer text.
    mutating func append(_ addition: String) {
        let scalars = addition.unicodeScalars
        var end = scalars.startIndex
        while end < scalars.endIndex, remaining > 0 {
            scalars.formIndex(after: &end)
            remaining -= 1
        }
        text.append(contentsOf: addition[..<end])
    }
}
