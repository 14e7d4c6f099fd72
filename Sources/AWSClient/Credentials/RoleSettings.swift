/// A role and the parameters to assume it with.
struct RoleSettings: Sendable, Hashable {
    let arn: String
    /// Nil for the default session name.
    var sessionName: String?
    var externalID: String?
    /// Nil for AWS's default, one hour.
    var durationSeconds: Int?
}
