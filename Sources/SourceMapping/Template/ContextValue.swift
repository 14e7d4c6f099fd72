import AWSCore

/// The names of what templates can say about an item apart from its content.
enum ContextValue: String, Sendable, CaseIterable {
    /// The 12 digits of the account.
    case account
    /// The Region, for example `eu-central-1`.
    case region
    /// The AWS partition, for example `aws`.
    case partition
    /// The name of the source.
    case source
}

extension ItemContext {
    /// The text of a value.
    subscript(value: ContextValue) -> String {
        switch value {
        case .account: accountRegion.account.digits
        case .region: accountRegion.region.name
        case .partition: accountRegion.partition.rawValue
        case .source: source
        }
    }
}
