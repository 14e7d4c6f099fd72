/// A text for comparison without regard to case: the lowercase mapping of each Unicode scalar (Unicode Standard,
/// section 4.2), independent of locale and of neighboring scalars.
///
/// EventBridge does not document its rule. Event Ruler accepts the lowercase and the uppercase mapping of each UTF-16
/// code unit of the pattern. Both rules agree but for a few letters without a one-to-one mapping (`ß`, `ſ`, `ı`) and
/// for scripts beyond U+FFFF, whose case Event Ruler does not ignore.
struct CaseFoldedText: Sendable, Equatable {
    let bytes: [UInt8]

    init(_ text: String) {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.utf8.count)
        for scalar in text.unicodeScalars {
            switch scalar {
            case "A"..."Z": bytes.append(UInt8(truncatingIfNeeded: scalar.value) | 0x20)
            case "\0"..."\u{7F}": bytes.append(UInt8(truncatingIfNeeded: scalar.value))
            default: bytes.append(contentsOf: scalar.properties.lowercaseMapping.utf8)
            }
        }
        self.bytes = bytes
    }
}
