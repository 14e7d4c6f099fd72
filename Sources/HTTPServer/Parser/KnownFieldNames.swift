import HTTPTypes

/// A cache of common header field names: creating an `HTTPField.Name` takes longer than parsing the field.
enum KnownFieldNames {
    /// The spellings of Amazon SNS, Amazon EventBridge, load balancers and browsers.
    private static let all = [
        "Host", "host", "Accept", "accept", "Connection", "connection", "User-Agent", "user-agent", "Content-Type",
        "content-type", "Content-Length", "content-length", "Accept-Encoding", "accept-encoding", "Authorization",
        "authorization", "Transfer-Encoding", "transfer-encoding", "X-Forwarded-For", "x-forwarded-for", "X-Api-Key",
        "x-api-key", "x-amz-sns-message-type", "x-amz-sns-message-id", "x-amz-sns-topic-arn",
        "x-amz-sns-subscription-arn",
    ]

    /// The names, by length.
    private static let byLength: [[(bytes: [UInt8], name: HTTPField.Name)]] = {
        let longest = all.map(\.utf8.count).max() ?? 0
        var byLength = [[(bytes: [UInt8], name: HTTPField.Name)]](repeating: [], count: longest + 1)
        for text in all {
            if let name = HTTPField.Name(text) { byLength[text.utf8.count].append((Array(text.utf8), name)) }
        }
        return byLength
    }()

    /// The name with exactly these bytes; nil if it is not cached.
    static func find(_ bytes: ArraySlice<UInt8>) -> HTTPField.Name? {
        let byLength = byLength
        guard bytes.count < byLength.count else { return nil }
        for known in byLength[bytes.count] where known.bytes[...] == bytes { return known.name }
        return nil
    }
}
