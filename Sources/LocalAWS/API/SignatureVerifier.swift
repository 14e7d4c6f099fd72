import AWSCore
import Cryptography
import Encoding
import HTTPServer
import HTTPTypes

/// Why a request's authentication failed.
enum AuthenticationError: Error, Hashable {
    /// The request is not signed.
    case missing
    /// A part of the signature is missing or malformed.
    case incomplete(String)
    /// The access key does not exist.
    case unknownKey
    /// The temporary access key has expired.
    case expiredKey
    /// The signature does not match the request, the key or the time.
    case mismatch(String)
}

/// The `Authorization` field of AWS Signature Version 4.
struct SignedScope: Hashable {
    let accessKeyID: String
    /// Eight digits.
    let date: String
    let region: Region
    let service: String
    /// Lowercase names.
    let signedFields: [String]
    /// Hexadecimal digits.
    let signature: String

    /// Parses the field.
    init(_ authorization: String?) throws(AuthenticationError) {
        guard let authorization else { throw .missing }
        let algorithm = "AWS4-HMAC-SHA256 "
        guard authorization.hasPrefix(algorithm) else { throw .incomplete("Unsupported algorithm") }
        var parts: [String: String] = [:]
        for part in authorization.dropFirst(algorithm.count).split(separator: ",") {
            let pair = part.drop { $0 == " " }.split(separator: "=", maxSplits: 1)
            guard pair.count == 2 else { throw .incomplete("'\(part)' not a valid key=value pair") }
            parts[String(pair[0])] = String(pair[1])
        }
        guard let credential = parts["Credential"]?.split(separator: "/", omittingEmptySubsequences: false),
            credential.count == 5, credential[4] == "aws4_request", let region = Region(credential[2])
        else { throw .incomplete("Authorization header requires 'Credential' parameter with a full scope.") }
        guard let fields = parts["SignedHeaders"], let signature = parts["Signature"] else {
            throw .incomplete("Authorization header requires 'SignedHeaders' and 'Signature' parameters.")
        }
        accessKeyID = String(credential[0])
        date = String(credential[1])
        self.region = region
        service = String(credential[3])
        signedFields = fields.split(separator: ";").map(String.init)
        self.signature = signature
    }

    /// The credential scope.
    var scope: String { "\(date)/\(region)/\(service)/aws4_request" }
}

/// Verifies signatures by "AWS Signature Version 4 for API requests" in the IAM User Guide.
struct SignatureVerifier {
    /// The maximum clock skew of the signer, in milliseconds.
    static let maximumSkew: Int64 = 300_000

    let request: ServerRequest
    let scope: SignedScope

    /// Verifies a request's signature.
    ///
    /// - Parameters:
    ///   - key: the access key that must have signed it.
    ///   - now: milliseconds since 1970.
    func verify(with key: AccessKey, now: Int64) throws(AuthenticationError) {
        guard let dateText = value(of: "x-amz-date"), let date = Timestamp(amzDate: dateText) else {
            throw .incomplete("Authorization header requires existence of a 'X-Amz-Date' header.")
        }
        guard dateText.hasPrefix(scope.date) else { throw .mismatch("Date in Credential scope does not match.") }
        try checkSignedFields()
        let canonical = canonicalRequest
        let toSign = [
            "AWS4-HMAC-SHA256", dateText, scope.scope, Digest.hexadecimal(Digest.sha256(Array(canonical.utf8))),
        ].joined(separator: "\n")
        let signature = Digest.hmac(.sha256, key: signingKey(secret: key.secretAccessKey), message: Array(toSign.utf8))
        guard Digest.constantTimeEqual(Array(Digest.hexadecimal(signature).utf8), Array(scope.signature.utf8)) else {
            throw .mismatch(
                "The request signature we calculated does not match the signature you provided. Check your AWS "
                    + "Secret Access Key and signing method. Consult the service documentation for details.")
        }
        guard now.saturatingDistance(to: date.milliseconds) <= Self.maximumSkew else {
            throw .mismatch("Signature not yet current or expired: \(dateText)")
        }
        guard value(of: "x-amz-security-token") == key.sessionToken else { throw .unknownKey }
    }

    /// `host` and all `x-amz-` fields must be signed.
    private func checkSignedFields() throws(AuthenticationError) {
        let sent = request.head.headerFields.map { $0.name.canonicalName }
        for name in ["host"] + sent.filter({ $0.hasPrefix("x-amz-") }) where !scope.signedFields.contains(name) {
            throw .mismatch("'\(name)' must be a 'SignedHeader' in the AWS Authorization.")
        }
        guard scope.signedFields == scope.signedFields.sorted() else {
            throw .incomplete("The signed headers are not in order.")
        }
    }

    private func signingKey(secret: String) -> [UInt8] {
        [scope.date, scope.region.name, scope.service, "aws4_request"].reduce(Array("AWS4\(secret)".utf8)) {
            Digest.hmac(.sha256, key: $0, message: Array($1.utf8))
        }
    }

    private var bodyDigest: String { Digest.hexadecimal(Digest.sha256(request.body)) }

    private var canonicalRequest: String {
        let fields = scope.signedFields.map { "\($0):\(value(of: $0) ?? "")\n" }.joined()
        return [
            request.head.method.rawValue, canonicalPath, canonicalQuery, fields,
            scope.signedFields.joined(separator: ";"), bodyDigest,
        ].joined(separator: "\n")
    }

    /// Every service except S3 signs the path encoded twice.
    private var canonicalPath: String {
        PercentEncoding.encode(bytes: request.path.utf8) {
            PercentEncoding.isUnreserved($0) || $0 == UInt8(ascii: "/")
        }
    }

    private var canonicalQuery: String {
        func canonical(_ text: String) -> [UInt8] {
            Array(PercentEncoding.encode(bytes: PercentEncoding.decode(text.utf8) ?? []).utf8)
        }
        let parameters = PercentEncoding.split(request.query).map { (canonical($0.name), canonical($0.value)) }
        let sorted = parameters.sorted {
            $0.0 == $1.0 ? $0.1.lexicographicallyPrecedes($1.1) : $0.0.lexicographicallyPrecedes($1.0)
        }
        return sorted.map { String(decoding: $0.0 + Array("=".utf8) + $0.1, as: UTF8.self) }.joined(separator: "&")
    }

    /// A field's value for the signature: trimmed, with runs of spaces collapsed.
    private func value(of name: String) -> String? {
        if name == "host" { return request.head.authority }
        guard let name = HTTPField.Name(name) else { return nil }
        let values = request.head.headerFields[values: name]
        guard !values.isEmpty else { return nil }
        return values.map { $0.split(separator: " ").joined(separator: " ") }.joined(separator: ",")
    }
}
