import AWSCore

/// The reason of a failure without what differs between accounts and requests, so that equal failures can be grouped. A pure function.
enum NormalizedReason {
    /// Replaces ARNs, account IDs, Regions and other identifiers, and removes AWS's request ID.
    ///
    /// An identifier is a UUID, or a word of at least 20 characters that contains letters and digits.
    static func text(_ reason: String) -> String {
        var result: [UInt8] = []
        let bytes = Array(reason.utf8)
        var position = 0
        while position < bytes.count {
            guard isWord(bytes[position]) else {
                result.append(bytes[position])
                position += 1
                continue
            }
            var end = position
            while end < bytes.count, isWord(bytes[end]) { end += 1 }
            if bytes[position..<end].elementsEqual("arn".utf8), end < bytes.count, bytes[end] == UInt8(ascii: ":") {
                while end < bytes.count, isPartOfARN(bytes[end]) { end += 1 }
                while let last = bytes[position..<end].last, isPunctuation(last) { end -= 1 }
                result += "(ARN)".utf8
            } else {
                result += placeholder(for: bytes[position..<end])?.utf8.map(\.self) ?? Array(bytes[position..<end])
            }
            position = end
        }
        return withoutRequest(String(decoding: result, as: UTF8.self))
    }

    private static func placeholder(for word: ArraySlice<UInt8>) -> String? {
        let digits = word.count(where: isDigit)
        if word.count == 12, digits == 12 { return "(account)" }
        guard digits > 0, digits < word.count else { return nil }
        if word.count >= 20 { return "(id)" }
        return Region(String(decoding: word, as: UTF8.self)) == nil ? nil : "(Region)"
    }

    /// `AWSError` ends with the request ID.
    private static func withoutRequest(_ text: String) -> String {
        guard let start = text.firstRange(of: " [request "), text.utf8.last == UInt8(ascii: "]") else { return text }
        return String(text[..<start.lowerBound])
    }

    private static func isWord(_ byte: UInt8) -> Bool {
        isDigit(byte) || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_")
            || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }

    private static func isPartOfARN(_ byte: UInt8) -> Bool {
        byte > 0x20 && byte < 0x7F && !"\"'`<>()[]{},;".utf8.contains(byte)
    }

    private static func isPunctuation(_ byte: UInt8) -> Bool { byte == UInt8(ascii: ".") || byte == UInt8(ascii: ":") }
}
