package import JSON

/// The identifier of a resource in audits: `ResourceIdentifier` of the AWS IoT API. Several members can be set.
package struct ResourceIdentifier: Sendable, Hashable {
    /// A version of an AWS IoT policy.
    package struct PolicyVersion: Sendable, Hashable {
        /// The policy's name.
        package let name: String
        /// The version ID; nil if missing.
        package let versionID: String?
    }

    /// An issuer's certificate, as identified by the certificates that it has issued.
    package struct IssuerCertificate: Sendable, Hashable {
        /// The subject.
        package let subject: String?
        /// The issuer's ID.
        package let issuerID: String?
        /// The serial number.
        package let serialNumber: String?
    }

    /// A device certificate's ID.
    package let deviceCertificateID: String?
    /// A device certificate's ARN.
    package let deviceCertificateARN: String?
    /// A CA certificate's ID.
    package let caCertificateID: String?
    /// A Cognito identity pool's ID.
    package let cognitoIdentityPoolID: String?
    /// An MQTT client ID. Arbitrary text: devices choose it.
    package let clientID: String?
    /// A policy version.
    package let policyVersion: PolicyVersion?
    /// An account, for findings about its settings.
    package let account: String?
    /// An IAM role's ARN.
    package let iamRoleARN: String?
    /// A role alias's ARN.
    package let roleAliasARN: String?
    /// An issuer's certificate.
    package let issuerCertificate: IssuerCertificate?
    /// Undocumented members by name: strings unchanged, other values as JSON text. At most 16.
    package let others: [UTF8Text: String]
    /// The identifier as one text: the only value that is set, or a device certificate's ID if its ARN is set as well.
    /// Several different values are joined with plus signs.
    package private(set) var value = ""

    private static let maximumOthers = 16

    static let documentedNames: Set<UTF8Text> = [
        "deviceCertificateId", "deviceCertificateArn", "caCertificateId", "cognitoIdentityPoolId", "clientId",
        "policyVersionIdentifier", "account", "iamRoleArn", "roleAliasArn", "issuerCertificateIdentifier",
    ]

    /// The maximum length of an ARN, and of texts without a documented limit, in characters.
    static let maximumLength = 2048

    /// Parses an identifier.
    ///
    /// - Throws: ``UnrecognizedMessageError`` if it identifies no resource, or a documented member is mistyped or too
    ///   long.
    package init(_ json: JSON) throws(UnrecognizedMessageError) {
        let fields = try Fields(json, at: "resourceIdentifier")
        deviceCertificateID = try fields.optionalName("deviceCertificateId", limit: 128)
        deviceCertificateARN = try fields.optionalName("deviceCertificateArn", limit: Self.maximumLength)
        caCertificateID = try fields.optionalName("caCertificateId", limit: 128)
        cognitoIdentityPoolID = try fields.optionalName("cognitoIdentityPoolId", limit: Self.maximumLength)
        clientID = try fields.optionalName("clientId", limit: Self.maximumLength)
        policyVersion = try Self.policyVersion(fields)
        account = try fields.optionalName("account", limit: 12)
        iamRoleARN = try fields.optionalName("iamRoleArn", limit: Self.maximumLength)
        roleAliasARN = try fields.optionalName("roleAliasArn", limit: Self.maximumLength)
        issuerCertificate = try Self.issuerCertificate(fields)
        others = Self.others(json)
        value = joined(deviceCertificateID ?? deviceCertificateARN)
        guard !value.isEmpty else {
            throw UnrecognizedMessageError(reason: "resourceIdentifier does not identify a resource")
        }
    }

    private static func policyVersion(_ fields: Fields) throws(UnrecognizedMessageError) -> PolicyVersion? {
        guard fields["policyVersionIdentifier"] != nil else { return nil }
        let policy = try fields.object("policyVersionIdentifier")
        // An input transformer writes the object even if it has no values.
        guard policy["policyName"] != nil || policy["policyVersionId"] != nil else { return nil }
        return PolicyVersion(
            name: try policy.name("policyName", limit: 128),
            versionID: try policy.optionalName("policyVersionId", limit: 128))
    }

    private static func issuerCertificate(_ fields: Fields) throws(UnrecognizedMessageError) -> IssuerCertificate? {
        guard fields["issuerCertificateIdentifier"] != nil else { return nil }
        let issuer = try fields.object("issuerCertificateIdentifier")
        let certificate = IssuerCertificate(
            subject: try issuer.optionalName("issuerCertificateSubject", limit: 1000),
            issuerID: try issuer.optionalName("issuerId", limit: 128),
            serialNumber: try issuer.optionalName("issuerCertificateSerialNumber", limit: 128))
        return certificate.value == nil ? nil : certificate
    }

    private static func others(_ json: JSON) -> [UTF8Text: String] {
        var others: [UTF8Text: String] = [:]
        for (name, value) in (json.object ?? [:]).sorted(by: { $0.key < $1.key })
        where !documentedNames.contains(name) && !value.isNull && others.count < maximumOthers {
            let text: String? =
                switch value {
                case .string(let text): text
                default: String(decoding: value.serialized(), as: UTF8.self)
                }
            others[name] = text.flatMap { JSON.string($0).boundedText(limit: maximumLength) }
        }
        return others
    }
}

extension ResourceIdentifier.PolicyVersion {
    /// Name and version in the format of Device Defender's console, for example `FleetPolicy:3`.
    package var value: String { versionID.map { "\(name):\($0)" } ?? name }
}

extension ResourceIdentifier.IssuerCertificate {
    /// The issuer's ID, or its subject if there is none, and the serial number, separated by a slash; nil if all are
    /// absent.
    package var value: String? {
        let parts = [issuerID ?? subject, serialNumber].compactMap(\.self)
        return parts.isEmpty ? nil : parts.joined(separator: "/")
    }
}

extension ResourceIdentifier {
    /// A text that is equal for all identifiers of the same resource, for matching suppressions with findings: like
    /// ``value``, but a device certificate with only its ARN is identified by its ID.
    ///
    /// For comparison only, not for display; bounded by the limits of the members.
    package var subject: String {
        guard deviceCertificateID == nil, let deviceCertificateARN else { return value }
        return joined(Self.certificateID(arn: deviceCertificateARN))
    }

    /// The ID in a device certificate's ARN; the whole text if it is not such an ARN.
    private static func certificateID(arn: String) -> String {
        // Compared by bytes: a combining mark after the slash must not hide it.
        let mark = Array(":cert/".utf8)
        let bytes = Array(arn.utf8)
        guard let start = bytes.indices.first(where: { bytes[$0...].starts(with: mark) }) else { return arn }
        let id = bytes[(start + mark.count)...]
        return id.isEmpty ? arn : String(decoding: id, as: UTF8.self)
    }

    private func joined(_ deviceCertificate: String?) -> String {
        let documented = [
            deviceCertificate, caCertificateID, cognitoIdentityPoolID, clientID,
            policyVersion?.value, account, iamRoleARN, roleAliasARN, issuerCertificate?.value,
        ]
        let values = documented.compactMap(\.self) + others.sorted { $0.key < $1.key }.map(\.value)
        return values.joined(separator: "+")
    }
}
