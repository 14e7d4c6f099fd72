/// The findings that an account has imported, as bytes.
struct ReceivedFindings: Sendable {
    /// By ID; empty if only the number is kept.
    private(set) var findings: [String: [UInt8]] = [:]
    /// The IDs in the order of their first import.
    private var ids: [String] = []
    /// The number of imported findings, counting those again that were imported again.
    private(set) var count = 0

    /// Adds the findings of a request; returns their number.
    mutating func add(_ body: [UInt8], keeps: Bool) -> Int {
        var number = 0
        ImportedFindings.forEach(in: body) { id, range in
            number += 1
            guard keeps else { return }
            let id = String(decoding: body[id], as: UTF8.self)
            if findings.updateValue(Array(body[range]), forKey: id) == nil { ids.append(id) }
        }
        count += number
        return number
    }

    /// The response of `GetFindings` for active findings.
    func page(from start: Int, limit: Int) -> [UInt8] {
        var body = Array("{\"Findings\":[".utf8)
        var (position, number) = (start, 0)
        while position < ids.count, number < limit {
            if let finding = findings[ids[position]], !finding.contains(Self.archived) {
                if number > 0 { body.append(UInt8(ascii: ",")) }
                body += finding
                number += 1
            }
            position += 1
        }
        body += Array((position < ids.count ? "],\"NextToken\":\"\(position)\"}" : "]}").utf8)
        return body
    }

    private static let archived = Array("\"ARCHIVED\"".utf8)
}

/// The findings in the body of `BatchImportFindings`, found without parsing them.
private enum ImportedFindings {
    /// Calls a closure with the position of the ID and of the whole of each finding.
    static func forEach(in body: [UInt8], _ visit: (_ id: Range<Int>, _ finding: Range<Int>) -> Void) {
        let bytes = body.span
        var (depth, start, text, isID, index) = (0, 0, 0, false, 0)
        var id = 0..<0
        while index < bytes.count {
            switch bytes[index] {
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                depth += 1
                // The request's object, the array, the finding.
                if depth == 3 { (start, isID) = (index, false) }
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                if depth == 3 { visit(id, start..<index + 1) }
                depth -= 1
            case UInt8(ascii: "\""):
                text = index + 1
                index += 1
                while index < bytes.count, bytes[index] != UInt8(ascii: "\"") {
                    index += bytes[index] == UInt8(ascii: "\\") ? 2 : 1
                }
                guard depth == 3 else { break }
                if isID { id = text..<index }
                isID = index - text == 2 && bytes[text] == UInt8(ascii: "I") && bytes[text + 1] == UInt8(ascii: "d")
            default: break
            }
            index += 1
        }
    }
}

extension [UInt8] {
    /// Whether a part of these bytes equals others.
    func contains(_ other: [UInt8]) -> Bool {
        let (bytes, part) = (span, other.span)
        guard part.count > 0, bytes.count >= part.count else { return part.count == 0 }
        for start in 0...bytes.count - part.count where bytes[start] == part[0] {
            var length = 1
            while length < part.count, bytes[start + length] == part[length] { length += 1 }
            if length == part.count { return true }
        }
        return false
    }
}
