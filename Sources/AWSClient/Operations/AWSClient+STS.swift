package import AWSCore
import Encoding
import HTTPTypes

/// The identity of a caller.
package struct CallerIdentity: Sendable, Hashable {
    /// The caller's account.
    package let account: AccountID
    /// The ARN of the user or assumed role.
    package let arn: String
    /// The unique ID of the user or role.
    package let userID: String
}

extension AWSClient {
    /// Returns the identity of the credentials (AWS STS `GetCallerIdentity`, which needs no permission).
    package func getCallerIdentity(region: Region) async throws(AWSError) -> CallerIdentity {
        let operation = Self.tokenService("GetCallerIdentity", [])
        let body = try await perform(operation, in: region)
        guard let account = XMLText.element("Account", in: body).flatMap({ AccountID($0) }),
            let arn = XMLText.element("Arn", in: body), let userID = XMLText.element("UserId", in: body)
        else { throw operation.malformedResponse("account, ARN or user ID is missing") }
        return CallerIdentity(account: account, arn: arn, userID: userID)
    }

    /// Assumes a role (AWS STS `AssumeRole`).
    ///
    /// - Parameter sessionName: the session name if the role's settings have none.
    func assumeRole(
        _ role: RoleSettings, sessionName: String, region: Region
    ) async throws(AWSError) -> Credentials {
        try await temporaryCredentials("AssumeRole", role, sessionName: sessionName, region: region)
    }

    /// Assumes a role with a token of another identity provider (AWS STS `AssumeRoleWithWebIdentity`, which is not signed).
    func assumeRoleWithWebIdentity(
        _ role: RoleSettings, token: String, sessionName: String, region: Region
    ) async throws(AWSError) -> Credentials {
        try await temporaryCredentials(
            "AssumeRoleWithWebIdentity", role, sessionName: sessionName, token: token, region: region)
    }

    private func temporaryCredentials(
        _ name: String, _ role: RoleSettings, sessionName: String, token: String? = nil, region: Region
    ) async throws(AWSError) -> Credentials {
        var parameters = [("RoleArn", role.arn), ("RoleSessionName", role.sessionName ?? sessionName)]
        if let duration = role.durationSeconds { parameters.append(("DurationSeconds", String(duration))) }
        if let id = role.externalID { parameters.append(("ExternalId", id)) }
        if let token { parameters.append(("WebIdentityToken", token)) }
        var operation = Self.tokenService(name, parameters)
        operation.isSigned = token == nil
        let body = try await perform(operation, in: region)
        guard
            let expiration = XMLText.element("Expiration", in: body).flatMap(
                Timestamp.init(credentialsExpiration:)),
            let credentials = try? Credentials(
                id: XMLText.element("AccessKeyId", in: body), secret: XMLText.element("SecretAccessKey", in: body),
                token: XMLText.element("SessionToken", in: body), expiration: expiration),
            credentials.sessionToken != nil
        else { throw operation.malformedResponse("the credentials or their expiration are missing") }
        return credentials
    }

    private static func tokenService(_ name: String, _ parameters: [(String, String)]) -> Operation {
        Operation(service: .sts, query: name, version: "2011-06-15", parameters: parameters)
    }
}
