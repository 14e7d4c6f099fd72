/// Why a text is neither JSON nor lines of JSON.
package struct JSONDocumentsError: Error, Hashable, CustomStringConvertible {
    /// The number of the malformed line, from 1; nil if the text has one line.
    package let line: Int?
    /// The error in the line.
    package let error: JSONError

    /// The error and its position, without any of the text itself.
    package var description: String { line.map { "line \($0): \(error)" } ?? "\(error)" }
}

extension JSON {
    /// Parses a text that is one JSON value, or one in each line (NDJSON). Lines of white space are skipped.
    ///
    /// - Parameter limit: the maximum number of values; parsing stops after one more.
    /// - Returns: at least one value.
    package static func documents(in bytes: [UInt8], limit: Int) throws(JSONDocumentsError) -> [JSON] {
        let whole: JSONError
        do throws(JSONError) {
            return [try JSON(parsing: bytes)]
        } catch {
            whole = error
        }
        var values: [JSON] = []
        var rest = ByteOrderMark.dropped(from: bytes)
        var line = 0
        while !rest.isEmpty, values.count <= limit {
            line += 1
            let end = rest.firstIndex(of: UInt8(ascii: "\n")) ?? rest.endIndex
            let text = rest[..<end]
            rest = rest[min(end + 1, rest.endIndex)...]
            guard !text.allSatisfy({ $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\r") || $0 == UInt8(ascii: "\t") })
            else { continue }
            do throws(JSONError) {
                values.append(try JSON(parsing: Array(text)))
            } catch {
                // The error of the only line has its position in the text.
                throw rest.isEmpty && line == 1
                    ? JSONDocumentsError(line: nil, error: whole) : JSONDocumentsError(line: line, error: error)
            }
        }
        guard !values.isEmpty else { throw JSONDocumentsError(line: nil, error: whole) }
        return values
    }
}
