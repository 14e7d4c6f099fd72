import AWSCore
import Admin
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

    /// The options for findings.
    var mapping: MappingOptions {
        MappingOptions(checkSummaries: checkSummaries, severities: severities, staleAfter: staleAfter)
    }

    /// The settings of processing.
    var processing: ProcessingSettings {
        ProcessingSettings(
            mapping: mapping, accountRegions: topics.accountRegions, catchUpInterval: catchUpInterval,
            maximumMessageAge: maximumMessageAge, maximumDeadLetterAge: maximumDeadLetterAge,
            sources: Dictionary(
                sources.map {
                    ($0.name, ProcessingSettings.Source(mapping: $0.mapping.mapping, expireAfter: $0.expireAfter))
                }
            ) { first, _ in first })
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
