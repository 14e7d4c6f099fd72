import AWSCore
import DeviceDefender
import JSON

/// Names, types and IDs of resources in findings.
enum ResourceText {
    /// The ARN of a thing; nil if the name is not a valid thing name, so that the device is unregistered.
    static func thingARN(_ name: String, accountRegion: AccountRegion) -> String? {
        let isLegal =
            (1...128).contains(name.utf8.count) && name.utf8.allSatisfy { isWordByte($0) || isOneOf($0, ":-") }
        return isLegal ? iot("thing/\(name)", accountRegion) : nil
    }

    /// The ASFF's type of an audited resource.
    static func type(_ identifier: ResourceIdentifier) -> String {
        if identifier.iamRoleARN != nil { return "AwsIamRole" }
        return account(identifier) != nil ? "AwsAccount" : "Other"
    }

    /// The account, if the identifier has nothing else.
    private static func account(_ identifier: ResourceIdentifier) -> AccountID? {
        guard let account = identifier.account, identifier.value == account else { return nil }
        return AccountID(account)
    }

    /// The ARN of an audited resource if one can be formed, otherwise its identifier.
    static func id(_ identifier: ResourceIdentifier, accountRegion: AccountRegion) -> String {
        if let account = account(identifier) { return "AWS::::Account:\(account)" }
        if let arn = identifier.deviceCertificateARN { return arn }
        if let id = identifier.deviceCertificateID, isCertificateID(id) { return iot("cert/\(id)", accountRegion) }
        if let id = identifier.caCertificateID, isCertificateID(id) { return iot("cacert/\(id)", accountRegion) }
        if let name = identifier.policyVersion?.name, isPolicyName(name) { return iot("policy/\(name)", accountRegion) }
        return identifier.roleAliasARN ?? identifier.iamRoleARN ?? identifier.value
    }

    /// A name as a part of a finding's type, without slashes, which separate parts.
    static func typePart(_ name: String) -> String {
        String(String.UnicodeScalarView(name.unicodeScalars.map { $0 == "/" ? "-" : $0 }))
    }

    /// The parts of an identifier, by AWS's names, capitalized.
    static func parts(_ identifier: ResourceIdentifier) -> [(key: String, value: String)] {
        let documented: [(String, String?)] = [
            ("DeviceCertificateId", identifier.deviceCertificateID),
            ("DeviceCertificateArn", identifier.deviceCertificateARN),
            ("CaCertificateId", identifier.caCertificateID),
            ("CognitoIdentityPoolId", identifier.cognitoIdentityPoolID),
            ("ClientId", identifier.clientID),
            ("PolicyName", identifier.policyVersion?.name),
            ("PolicyVersionId", identifier.policyVersion?.versionID),
            ("Account", identifier.account),
            ("IamRoleArn", identifier.iamRoleARN),
            ("RoleAliasArn", identifier.roleAliasARN),
            ("IssuerCertificateSubject", identifier.issuerCertificate?.subject),
            ("IssuerId", identifier.issuerCertificate?.issuerID),
            ("IssuerCertificateSerialNumber", identifier.issuerCertificate?.serialNumber),
        ]
        let others = identifier.others.sorted { $0.key < $1.key }.map { (key: $0.key.string, value: $0.value) }
        return documented.compactMap { key, value in value.map { (key, $0) } } + others
    }

    private static func iot(_ resource: String, _ accountRegion: AccountRegion) -> String {
        ARN(service: "iot", accountRegion: accountRegion, resource: resource).description
    }

    private static func isCertificateID(_ id: String) -> Bool {
        (1...64).contains(id.utf8.count) && id.utf8.allSatisfy { isWordByte($0) && $0 != UInt8(ascii: "_") }
    }

    private static func isPolicyName(_ name: String) -> Bool {
        (1...128).contains(name.utf8.count) && name.utf8.allSatisfy { isWordByte($0) || isOneOf($0, "+=,.@-") }
    }

    private static func isWordByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "_"):
            true
        default: false
        }
    }

    private static func isOneOf(_ byte: UInt8, _ characters: StaticString) -> Bool {
        characters.withUTF8Buffer { $0.contains(byte) }
    }
}
