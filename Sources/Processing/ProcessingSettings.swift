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
        /// What a source of Amazon CloudWatch alarms has in addition; nil for other sources.
        package var alarms: AlarmSource?
        /// The accounts and Regions that it names.
        package var accountRegions: Set<AccountRegion>
        /// Whether it may get items of an account and Region.
        package var serves: @Sendable (AccountRegion) -> Bool

        /// Creates settings.
        package init(
            mapping: Mapping, expireAfter: Duration? = nil, alarms: AlarmSource? = nil,
            accountRegions: Set<AccountRegion> = [], serves: @escaping @Sendable (AccountRegion) -> Bool = { _ in true }
        ) {
            self.mapping = mapping
            self.expireAfter = expireAfter
            self.alarms = alarms
            self.accountRegions = accountRegions
            self.serves = serves
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

    /// The accounts and Regions of the sources of Amazon CloudWatch alarms.
    package var alarmAccountRegions: Set<AccountRegion> {
        sources.values.reduce(into: []) { if $1.alarms?.isListable == true { $0.formUnion($1.accountRegions) } }
    }

    /// The names of the sources of Amazon CloudWatch alarms that may get items of an account and Region, sorted.
    package func alarmSources(of accountRegion: AccountRegion) -> [String] {
        sources.filter { $0.value.alarms?.isListable == true && $0.value.serves(accountRegion) }.keys.sorted()
    }
}
