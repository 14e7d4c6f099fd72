/// Checks that a request is already in the canonical form that AWS computes the signature over. A deviation is rejected
/// here, because AWS would only report that the signature does not match.
enum SigningRules {
    /// Why a request cannot be signed; nil if it can.
    ///
    /// - Parameters:
    ///   - path: path and query, as sent.
    ///   - fields: names and values of the request's fields.
    static func validationError(path: String, fields: [(name: String, value: String)]) -> String? {
        let parts = path.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        if let path = parts.first, !isCanonicalPath(path) {
            return "the path has characters other than letters, digits, slashes and -._~"
        }
        if parts.count == 2, !isCanonicalQuery(parts[1]) { return "the query is not sorted and percent-encoded" }
        let names = (fields.map { $0.name.lowercased() } + ["host", "x-amz-date", "x-amz-security-token"]).sorted()
        if zip(names, names.dropFirst()).contains(where: { $1.hasPrefix($0) }) {
            return "a field name is repeated or begins with another field's name"
        }
        if names.contains("authorization") { return "the request has an Authorization field" }
        if fields.contains(where: { $0.value.isEmpty }) { return "a field has no value" }
        return nil
    }

    /// Why the signing parameters are invalid for any request; nil if they are valid.
    static func validationError(for signing: RequestSigning) -> String? {
        for part in [signing.region, signing.service] {
            guard (1...64).contains(part.utf8.count), part.utf8.allSatisfy({ isUnreserved($0) }) else {
                return "the Region or the service is not a valid name"
            }
        }
        guard !signing.accessKeyID.isEmpty, signing.accessKeyID.utf8.allSatisfy({ isUnreserved($0) }) else {
            return "the access key ID is empty or has special characters"
        }
        guard !signing.secretAccessKey.isEmpty, FieldRules.isValue(signing.secretAccessKey) else {
            return "the secret access key is empty or has control characters"
        }
        guard signing.sessionToken.map({ !$0.isEmpty && FieldRules.isValue($0) }) != false else {
            return "the session token is empty or has control characters"
        }
        guard signing.date.map({ $0.wholeMatch(of: #/[0-9]{8}T[0-9]{6}Z/#) != nil }) != false else {
            return "the time is not of the form 20261122T100000Z"
        }
        return nil
    }

    /// Whether Signature Version 4's encoding and libcurl leave a path unchanged: only unreserved characters (RFC 3986,
    /// section 2.3), and no empty or dot segments.
    static func isCanonicalPath(_ path: some StringProtocol) -> Bool {
        guard path != "/" else { return true }
        let segments = path.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        return segments.count > 1
            && segments.enumerated().allSatisfy { index, segment in
                let isEdge = index == 0 || index == segments.count - 1
                return segment.isEmpty
                    ? isEdge : segment.allSatisfy(isUnreserved) && !segment.allSatisfy { $0 == UInt8(ascii: ".") }
            }
    }

    /// Whether a query is canonical: each parameter has an equals sign and is percent-encoded with uppercase digits
    /// except for unreserved characters, and they are sorted by encoded name, then value.
    static func isCanonicalQuery(_ query: some StringProtocol) -> Bool {
        var last: [[UInt8]] = []
        for parameter in query.utf8.split(separator: UInt8(ascii: "&"), omittingEmptySubsequences: false) {
            let parts = parameter.split(separator: UInt8(ascii: "="), omittingEmptySubsequences: false).map {
                Array($0)
            }
            guard parts.count == 2, !parts[0].isEmpty, parts.allSatisfy(isEncoded) else { return false }
            if !last.isEmpty {
                guard
                    last[0] == parts[0]
                        ? !parts[1].lexicographicallyPrecedes(last[1])
                        : last[0].lexicographicallyPrecedes(parts[0])
                else { return false }
            }
            last = parts
        }
        return true
    }

    private static func isEncoded(_ bytes: [UInt8]) -> Bool {
        var index = 0
        while index < bytes.count {
            if bytes[index] == UInt8(ascii: "%") {
                guard index + 2 < bytes.count, let high = capitalDigit(bytes[index + 1]),
                    let low = capitalDigit(bytes[index + 2]), !isUnreserved(high << 4 | low)
                else { return false }
                index += 3
            } else {
                guard isUnreserved(bytes[index]) else { return false }
                index += 1
            }
        }
        return true
    }

    private static func capitalDigit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 0x30...0x39: byte - 0x30
        case 0x41...0x46: byte - 0x41 + 10
        default: nil
        }
    }

    private static func isUnreserved(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
        case UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "~"): true
        default: false
        }
    }
}
