public import JSON

/// What names a resource in audits: `ResourceIdentifier` of the AWS IoT API. Several members can be set at once.
public struct ResourceIdentifier: Sendable, Hashable {
    /// A version of an AWS IoT policy.
    public struct PolicyVersion: Sendable, Hashable {
        /// The policy's name.
        public let name: String
        /// The version's id; nil if the message does not say.
        public let versionID: String?
    }

    /// A certificate authority's certificate, as those name it that it has issued.
    public struct IssuerCertificate: Sendable, Hashable {
        /// The subject.
        public let subject: String?
        /// The issuer's id.
        public let issuerID: String?
        /// The serial number.
        public let serialNumber: String?
    }

    /// A device certificate's id.
    public let deviceCertificateID: String?
    /// A device certificate's ARN.
    public let deviceCertificateARN: String?
    /// A CA certificate's id.
    public let caCertificateID: String?
    /// A Cognito identity pool's id.
    public let cognitoIdentityPoolID: String?
    /// An MQTT client id. Any text: devices choose it themselves.
    public let clientID: String?
    /// A version of a policy.
    public let policyVersion: PolicyVersion?
    /// An account, for its settings.
    public let account: String?
    /// An IAM role's ARN.
    public let iamRoleARN: String?
    /// A role alias's ARN.
    public let roleAliasARN: String?
    /// An issuer's certificate.
    public let issuerCertificate: IssuerCertificate?
    /// Members that were not documented when this was written, by name: texts as they are, other values as JSON text.
    /// At most 16.
    public let others: [UTF8Text: String]

    private static let maximumOthers = 16

    static let documentedNames: Set<UTF8Text> = [
        "deviceCertificateId", "deviceCertificateArn", "caCertificateId", "cognitoIdentityPoolId", "clientId",
        "policyVersionIdentifier", "account", "iamRoleArn", "roleAliasArn", "issuerCertificateIdentifier",
    ]

    /// The longest ARN, in characters, and the limit of texts that AWS does not document one for.
    static let maximumLength = 2048

    /// Reads an identifier.
    ///
    /// - Throws: ``UnrecognizedMessageError`` if nothing in it names a resource, or a documented member is mistyped or too
    ///   long.
    public init(_ json: JSON) throws(UnrecognizedMessageError) {
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
        guard !value.isEmpty else { throw UnrecognizedMessageError(reason: "resourceIdentifier names no resource") }
    }

    private static func policyVersion(_ fields: Fields) throws(UnrecognizedMessageError) -> PolicyVersion? {
        guard fields["policyVersionIdentifier"] != nil else { return nil }
        let policy = try fields.object("policyVersionIdentifier")
        // An input transformer writes the object even where it has nothing to fill it with.
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
    /// Name and version as Device Defender's console writes them, for example `FleetPolicy:3`.
    public var value: String { versionID.map { "\(name):\($0)" } ?? name }
}

extension ResourceIdentifier.IssuerCertificate {
    /// The issuer's id (its subject, if it has none) and the serial number with a slash between; nil if all is absent.
    public var value: String? {
        let parts = [issuerID ?? subject, serialNumber].compactMap(\.self)
        return parts.isEmpty ? nil : parts.joined(separator: "/")
    }
}

extension ResourceIdentifier {
    /// What names the resource, in one text: the single value that is set, and for a device certificate with both its
    /// id. If members are set that name different things, all of them with a plus sign between.
    public var value: String { values(deviceCertificateID ?? deviceCertificateARN).joined(separator: "+") }

    /// A text that is the same for identifiers that name the same resource, so that a suppression can be matched with
    /// findings: as ``value``, but a device certificate that is named only by its ARN counts as its id.
    ///
    /// Not to be shown to anybody, and bounded by the limits of the members.
    public var subject: String {
        values(deviceCertificateID ?? deviceCertificateARN.map(Self.certificateID)).joined(separator: "+")
    }

    /// The part of a device certificate's ARN that is its id; the whole text if it is no such ARN.
    private static func certificateID(arn: String) -> String {
        // Bytes: a combining mark behind the slash must not hide it.
        let mark = Array(":cert/".utf8)
        let bytes = Array(arn.utf8)
        guard let start = bytes.indices.first(where: { bytes[$0...].starts(with: mark) }) else { return arn }
        let id = bytes[(start + mark.count)...]
        return id.isEmpty ? arn : String(decoding: id, as: UTF8.self)
    }

    private func values(_ deviceCertificate: String?) -> [String] {
        let documented = [
            deviceCertificate, caCertificateID, cognitoIdentityPoolID, clientID,
            policyVersion?.value, account, iamRoleARN, roleAliasARN, issuerCertificate?.value,
        ]
        return documented.compactMap(\.self) + others.sorted { $0.key < $1.key }.map(\.value)
    }
}
