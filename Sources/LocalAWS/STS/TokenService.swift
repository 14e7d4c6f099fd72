import AWSCore
import Encoding

/// AWS STS (AWS Security Token Service API Reference).
enum TokenService {
    /// Implements `GetCallerIdentity`.
    static func callerIdentity(_ caller: AccessKey) -> [XMLElement] {
        [
            XMLElement("Arn", caller.principal), XMLElement("UserId", userID(of: caller)),
            XMLElement("Account", caller.account.digits),
        ]
    }

    private static func userID(of caller: AccessKey) -> String {
        guard caller.sessionToken != nil, let session = caller.principal.split(separator: "/").last else {
            return "AIDALOCALAWSUSER"
        }
        return "AROALOCALAWSROLE:\(session)"
    }

    /// Implements `AssumeRole`: allows any role of an account that has an access key.
    ///
    /// - Throws: ``ServiceError`` if the request is rejected.
    static func assumeRole(
        _ parameters: [String: String], keys: inout AccessKeys, now: Int64
    ) throws(ServiceError) -> [XMLElement] {
        let arn = (parameters["RoleArn"] ?? "").split(separator: ":", maxSplits: 5, omittingEmptySubsequences: false)
        guard arn.count == 6, arn[0] == "arn", arn[2] == "iam", arn[3].isEmpty, let account = AccountID(arn[4]),
            arn[5].hasPrefix("role/"), let role = arn[5].split(separator: "/").last
        else { throw invalid("roleArn") }
        guard let session = parameters["RoleSessionName"], isSessionName(session) else {
            throw invalid("roleSessionName")
        }
        guard let duration = Int64(parameters["DurationSeconds"] ?? "3600"), (900...43_200).contains(duration) else {
            throw invalid("durationSeconds")
        }
        guard keys.has(account) else {
            throw ServiceError(
                403, "AccessDenied", "User is not authorized to perform: sts:AssumeRole on resource: \(arn[5])")
        }
        let principal = "arn:\(arn[1]):sts::\(account):assumed-role/\(role)/\(session)"
        let expiration = now + duration * 1000
        let key = keys.issue(account: account, principal: principal, expiration: expiration, now: now)
        return [
            XMLElement(
                "AssumedRoleUser",
                [XMLElement("AssumedRoleId", "AROALOCALAWSROLE:\(session)"), XMLElement("Arn", principal)]),
            XMLElement(
                "Credentials",
                [
                    XMLElement("AccessKeyId", key.id), XMLElement("SecretAccessKey", key.secretAccessKey),
                    XMLElement("SessionToken", key.sessionToken ?? ""),
                    XMLElement("Expiration", Timestamp(milliseconds: expiration).iso8601),
                ]),
        ]
    }

    private static func isSessionName(_ name: String) -> Bool {
        (2...64).contains(name.utf8.count)
            && name.utf8.allSatisfy { byte in
                "_+=,.@-0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ".utf8.contains(byte)
            }
    }

    private static func invalid(_ member: String) -> ServiceError {
        ServiceError(
            400, "ValidationError", "1 validation error detected: Value at '\(member)' failed to satisfy constraint")
    }
}
