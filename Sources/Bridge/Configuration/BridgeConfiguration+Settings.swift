import Admin
import Planning
import Processing
import SNS
import Store

extension BridgeConfiguration {
    /// The options for findings.
    var mapping: MappingOptions {
        MappingOptions(checkSummaries: checkSummaries, severities: severities, staleAfter: staleAfter)
    }

    /// The settings of processing.
    var processing: ProcessingSettings {
        ProcessingSettings(
            mapping: mapping, accountRegions: topics.accountRegions, catchUpInterval: catchUpInterval,
            maximumMessageAge: maximumMessageAge, maximumDeadLetterAge: maximumDeadLetterAge,
            sources: Dictionary(sources.map { ($0.name, $0.mapping.mapping) }) { first, _ in first })
    }

    /// The settings that the admin server shows or obeys.
    var administration: AdminSettings {
        var path: String?
        if case .sqlite(let file) = store { path = file }
        return AdminSettings(
            access: admin, topics: topics, acceptsEventBridge: acceptsEventBridge, maximumPending: maximumPending,
            storePath: path, deadLetterLimits: deadLetterLimits, maximumDeadLetterAge: maximumDeadLetterAge,
            catchUpInterval: catchUpInterval)
    }
}
