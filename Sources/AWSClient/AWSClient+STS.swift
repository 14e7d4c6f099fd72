public import AWSCore
import HTTPTypes

/// Who AWS takes a caller for.
public struct CallerIdentity: Sendable, Hashable {
    /// The account that the caller belongs to.
    public let account: AccountID
    /// The ARN of the user or assumed role.
    public let arn: String
    /// The unique id of the user or role.
    public let userID: String
}

extension AWSClient {
    /// Asks who the credentials belong to (AWS STS `GetCallerIdentity`, which needs no permission).
    public func getCallerIdentity(region: Region) async throws(AWSError) -> CallerIdentity {
        let operation = Operation(
            service: .sts, name: "GetCallerIdentity", method: .post, path: "/",
            contentType: "application/x-www-form-urlencoded; charset=utf-8",
            body: Array(
                PercentEncoding.query([("Action", "GetCallerIdentity"), ("Version", "2011-06-15")]).utf8))
        let body = try await perform(operation, in: region)
        guard let account = XMLText.element("Account", in: body).flatMap({ AccountID($0) }),
            let arn = XMLText.element("Arn", in: body), let userID = XMLText.element("UserId", in: body)
        else { throw operation.malformed("it has no account, ARN and user id") }
        return CallerIdentity(account: account, arn: arn, userID: userID)
    }
}
