import Cryptography
import Encoding

/// Computes the fields that sign a request with AWS Signature Version 4 ("Create a signed AWS API request" in the AWS
/// General Reference).
///
/// libcurl can sign, too, but only by this machine's clock: with a given time, version 7.88 sends the field twice.
struct RequestSignature {
    let method: String
    /// Path and query, in the canonical form that ``SigningRules`` require.
    let path: String
    /// The value of the `Host` field.
    let host: String
    let fields: [(name: String, value: String)]
    let body: [UInt8]
    let signing: RequestSigning

    /// The fields to add to the request.
    var addedFields: [(name: String, value: String)] {
        let date = signing.date ?? WallClock.now().amzDate
        var added = [("X-Amz-Date", date)]
        if let token = signing.sessionToken { added.append(("X-Amz-Security-Token", token)) }
        added.append(("Authorization", authorization(fields + added, date: date)))
        return added
    }

    private func authorization(_ fields: [(name: String, value: String)], date: String) -> String {
        let signed = (fields.map { (name: $0.name.lowercased(), value: Self.trimmed($0.value)) } + [("host", host)])
            .sorted { $0.name < $1.name }
        let names = signed.map(\.name).joined(separator: ";")
        let scope = "\(date.prefix(8))/\(signing.region)/\(signing.service)/aws4_request"
        let text = ["AWS4-HMAC-SHA256", date, scope, Self.digest(Array(canonical(signed, names).utf8))]
            .joined(separator: "\n")
        let signature = Digest.hexadecimal(Digest.hmac(.sha256, key: key(date: date), message: Array(text.utf8)))
        return
            "AWS4-HMAC-SHA256 Credential=\(signing.accessKeyID)/\(scope), SignedHeaders=\(names), Signature=\(signature)"
    }

    private func canonical(_ fields: [(name: String, value: String)], _ names: String) -> String {
        let parts = path.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        return [
            method, String(parts[0]), parts.count == 2 ? String(parts[1]) : "",
            fields.map { "\($0.name):\($0.value)\n" }.joined(), names, Self.digest(body),
        ].joined(separator: "\n")
    }

    private func key(date: String) -> [UInt8] {
        [String(date.prefix(8)), signing.region, signing.service, "aws4_request"]
            .reduce(Array("AWS4\(signing.secretAccessKey)".utf8)) {
                Digest.hmac(.sha256, key: $0, message: Array($1.utf8))
            }
    }

    private static func digest(_ bytes: [UInt8]) -> String { Digest.hexadecimal(Digest.sha256(bytes)) }

    /// The text with whitespace trimmed and runs of spaces collapsed.
    private static func trimmed(_ text: String) -> String { text.split(separator: " ").joined(separator: " ") }
}
