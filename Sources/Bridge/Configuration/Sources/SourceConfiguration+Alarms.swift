import AWSCore
import Planning
import SNS
import SecurityFindings

extension SourceConfiguration {
    /// What a source of Amazon CloudWatch alarms has beyond its mapping; nil for another mapping, also a copy.
    ///
    /// - Parameter severities: `mapping.severities`.
    func alarmSource(severities: SeverityRules) -> AlarmSource? {
        guard mapping.isCloudWatchAlarm else { return nil }
        return AlarmSource(
            patterns: events, hasTopics: !topics.patterns.isEmpty,
            isTopic: { [topics] in (try? topics.accountRegion(of: $0)) != nil },
            hasWebhook: webhook != nil, deviceAttribute: deviceAttribute ?? AlarmSource.clientID, severities: severities
        )
    }

    /// The accounts and Regions that it names.
    ///
    /// - Parameter regions: the Regions of the accounts in `accounts`, which names none.
    func accountRegions(regions: Set<Region>, served: Set<AccountRegion>) -> Set<AccountRegion> {
        let ofEvents: Set<AccountRegion> =
            switch eventAccounts {
            case nil: []
            case .all: served
            case .listed(let accounts):
                Set(accounts.flatMap { account in regions.map { AccountRegion(account: account, region: $0) } })
            }
        return topics.accountRegions.union(ofEvents).union(webhook.map { [$0.accountRegion] } ?? [])
    }

    /// Whether it may have items of an account and Region.
    func serves(_ accountRegion: AccountRegion, served: Set<AccountRegion>) -> Bool {
        if case .listed(let accounts) = eventAccounts, accounts.contains(accountRegion.account) { return true }
        return accountRegions(regions: [], served: served).contains(accountRegion)
    }
}
