import AWSCore
import Admin
import Cryptography
import Planning
import Processing
import SNS
import Store

extension BridgeConfiguration {
    /// The accounts and Regions that topics and webhooks name, those of Device Defender and of mapped sources.
    var accountRegions: Set<AccountRegion> {
        sources.reduce(topics.accountRegions) { found, source in
            found.union(source.topics.accountRegions).union(source.webhook.map { [$0.accountRegion] } ?? [])
        }
    }

    /// The value of the `Authorization` header field of requests to the admin server; nil if no token applies.
    package var adminCredentials: String? { admin.tokens.first?.secret.bearerCredentials }

    /// The options for findings.
    var mapping: MappingOptions {
        MappingOptions(
            checkSummaries: checkSummaries, severities: severities, filter: filter, product: productNames,
            userDefinedFields: userDefinedFields, staleAfter: staleAfter)
    }

    /// The settings of processing.
    var processing: ProcessingSettings {
        ProcessingSettings(
            mapping: mapping, accountRegions: topics.accountRegions, catchUpInterval: catchUpInterval,
            maximumMessageAge: maximumMessageAge, maximumDeadLetterAge: maximumDeadLetterAge,
            sources: Dictionary(sources.map { ($0.name, processing(of: $0)) }) { first, _ in first })
    }

    private func processing(of source: SourceConfiguration) -> ProcessingSettings.Source {
        let served = topics.accountRegions
        // The Regions of listed accounts are not configured: they are those that topics and webhooks name.
        let regions = Set(accountRegions.map(\.region))
        return ProcessingSettings.Source(
            mapping: source.mapping.mapping, expireAfter: source.expireAfter,
            alarms: source.alarmSource(severities: severities),
            accountRegions: source.accountRegions(regions: regions, served: served),
            serves: { source.serves($0, served: served) })
    }

    /// The settings that the admin server shows or obeys.
    var administration: AdminSettings {
        var path: String?
        if case .sqlite(let file) = store { path = file }
        return AdminSettings(
            access: admin, topics: topics, acceptsEventBridge: acceptsEventBridge, maximumPending: maximumPending,
            storePath: path, deadLetterLimits: deadLetterLimits, maximumDeadLetterAge: maximumDeadLetterAge,
            catchUpInterval: catchUpInterval, sources: sources.map(\.name))
    }
}
