/// The keys of a mapping file, in the order of the documentation.
package enum MappingKey: String, Sendable, Hashable, CaseIterable {
    /// What sends the messages.
    case about
    /// The path of the items in a message.
    case each
    /// How an item is decoded.
    case decode
    /// The pattern of items that become nothing.
    case ignore
    /// Paths of accounts and ARNs that must be of the source's account-Region.
    case accounts
    /// The parts of the finding's identity.
    case id
    /// The parts of the group's identity.
    case group
    /// The pattern of items that archive all findings of their group.
    case archivesGroupWhen
    /// When the group was archived.
    case archivesGroupAt
    /// When the state changed.
    case time
    /// When the problem was first observed.
    case firstObservedAt
    /// The pattern of items that archive their finding.
    case archivedWhen
    /// The finding's severity.
    case severity
    /// The finding's title.
    case title
    /// The finding's description.
    case description
    /// The finding's types.
    case types
    /// The finding's resources.
    case resources
    /// Further fields of the finding.
    case productFields
    /// A page about the problem.
    case sourceUrl
    /// What to do.
    case remediation
    /// Messages with the expected findings.
    case tests
}
