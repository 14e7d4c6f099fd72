import AWSCore
import Cryptography
import JSON

/// The types of audited resources (`ResourceIdentifier` in the AWS IoT API Reference).
enum ScenarioResource {
    case deviceCertificate
    case deviceCertificateWithARN
    case expiringDeviceCertificate
    case caCertificate
    case expiringCACertificate
    case issuerCertificate
    case identityPool
    case clientID
    case policy
    case account
    case role
    case roleAlias

    /// Makes a resource of this type.
    ///
    /// - Parameters:
    ///   - name: the seed of its identifier.
    ///   - time: milliseconds since 1970.
    func resource(named name: String, number: Int, accountRegion: AccountRegion, time: Int64)
        -> FleetAuditFinding.Resource
    {
        let digits = Digest.hexadecimal(Digest.sha256(Array(name.utf8)))
        func iot(_ resource: String) -> JSON {
            .string(ARN(service: "iot", accountRegion: accountRegion, resource: resource).description)
        }
        let expiration = ["EXPIRATION_TIME": String(time + Int64(number % 60 - 30) * 86_400_000)]
        return switch self {
        case .deviceCertificate:
            FleetAuditFinding.Resource(
                type: "DEVICE_CERTIFICATE", identifier: ["deviceCertificateId": .string(digits)])
        case .deviceCertificateWithARN:
            FleetAuditFinding.Resource(
                type: "DEVICE_CERTIFICATE",
                identifier: ["deviceCertificateId": .string(digits), "deviceCertificateArn": iot("cert/\(digits)")])
        case .expiringDeviceCertificate:
            FleetAuditFinding.Resource(
                type: "DEVICE_CERTIFICATE", identifier: ["deviceCertificateId": .string(digits)],
                additionalInfo: expiration)
        case .caCertificate:
            FleetAuditFinding.Resource(type: "CA_CERTIFICATE", identifier: ["caCertificateId": .string(digits)])
        case .expiringCACertificate:
            FleetAuditFinding.Resource(
                type: "CA_CERTIFICATE", identifier: ["caCertificateId": .string(digits)], additionalInfo: expiration)
        case .issuerCertificate:
            FleetAuditFinding.Resource(
                type: "ISSUER_CERTIFICATE",
                identifier: [
                    "issuerCertificateIdentifier": [
                        "issuerCertificateSubject": .string("CN=Factory \(number + 1),O=Example Pumps"),
                        "issuerId": .string(digits),
                        "issuerCertificateSerialNumber": .string(String(digits.prefix(16))),
                    ]
                ])
        case .identityPool:
            FleetAuditFinding.Resource(
                type: "COGNITO_IDENTITY_POOL",
                identifier: ["cognitoIdentityPoolId": .string("\(accountRegion.region):\(Self.uuid(digits))")])
        case .clientID:
            FleetAuditFinding.Resource(type: "CLIENT_ID", identifier: ["clientId": .string("pump-\(number + 1)")])
        case .policy:
            FleetAuditFinding.Resource(
                type: "IOT_POLICY",
                identifier: [
                    "policyVersionIdentifier": [
                        "policyName": .string("PumpPolicy-\(number + 1)"),
                        "policyVersionId": .string("\(number % 5 + 1)"),
                    ]
                ])
        case .account:
            FleetAuditFinding.Resource(
                type: "ACCOUNT_SETTINGS", identifier: ["account": .string(accountRegion.account.digits)])
        case .role: Self.role(number: number, accountRegion: accountRegion)
        case .roleAlias:
            FleetAuditFinding.Resource(
                type: "ROLE_ALIAS", identifier: ["roleAliasArn": iot("rolealias/PumpAlias-\(number + 1)")])
        }
    }

    /// The related resources of a resource of this type.
    func related(named name: String, number: Int, accountRegion: AccountRegion) -> [FleetAuditFinding.Resource] {
        switch self {
        case .identityPool, .roleAlias: [Self.role(number: number, accountRegion: accountRegion)]
        case .issuerCertificate:
            (1...2).map {
                Self.deviceCertificate.resource(
                    named: "\(name) \($0)", number: number, accountRegion: accountRegion, time: 0)
            }
        default: []
        }
    }

    private static func role(number: Int, accountRegion: AccountRegion) -> FleetAuditFinding.Resource {
        let arn = "arn:\(accountRegion.partition.rawValue):iam::\(accountRegion.account):role/PumpRole-\(number + 1)"
        return FleetAuditFinding.Resource(type: "IAM_ROLE", identifier: ["iamRoleArn": .string(arn)])
    }

    private static func uuid(_ digits: String) -> String {
        [(0, 8), (8, 4), (12, 4), (16, 4), (20, 12)].map { digits.dropFirst($0.0).prefix($0.1) }
            .joined(separator: "-")
    }
}
