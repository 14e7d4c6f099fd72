package import AWSCore
package import Planning
package import SourceMapping

/// The settings of processing. A reload of the configuration replaces them.
package struct ProcessingSettings: Sendable {
    /// The options for findings (`mapping.*`).
    package var mapping: MappingOptions
    /// The account-Regions of `sns.topics`.
    package var accountRegions: Set<AccountRegion>
    /// `catchUp.interval`; nil for never.
    package var catchUpInterval: Duration?
    /// `sns.maxMessageAge`
    package var maximumMessageAge: Duration
    /// `deadLetters.maxAge`
    package var maximumDeadLetterAge: Duration
    /// The configured mapped sources, by name.
    package var sources: [String: Source]

    /// The settings of a mapped source.
    package struct Source: Sendable {
        /// `mapping`
        package var mapping: Mapping
        /// `expireAfter`; nil for never.
        package var expireAfter: Duration?

        /// Creates settings.
        package init(mapping: Mapping, expireAfter: Duration? = nil) {
            self.mapping = mapping
            self.expireAfter = expireAfter
        }
    }

    /// Creates settings.
    package init(
        mapping: MappingOptions, accountRegions: Set<AccountRegion>, catchUpInterval: Duration?,
        maximumMessageAge: Duration, maximumDeadLetterAge: Duration, sources: [String: Source] = [:]
    ) {
        self.mapping = mapping
        self.accountRegions = accountRegions
        self.catchUpInterval = catchUpInterval
        self.maximumMessageAge = maximumMessageAge
        self.maximumDeadLetterAge = maximumDeadLetterAge
        self.sources = sources
    }
}
