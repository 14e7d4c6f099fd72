package import AWSCore
package import Encoding
import JSON
import Planning
import SNS
package import SecurityFindings
import SourceMapping

/// Converts a message of a mapped source to findings, without store or network.
package struct SourceConverter: Sendable {
    private let source: String
    private let mapping: Mapping
    private let accountRegion: AccountRegion
    private let configuration: SourceConfiguration?
    private let alarms: AlarmSource?
    private let receivedAt: Timestamp

    /// Converts by a mapping that no source uses yet.
    ///
    /// - Parameters:
    ///   - file: the mapping, whose name without folder and extension stands for the source's, if it is valid.
    ///   - accountRegion: the account and Region of a message that is not in an SNS envelope and no event.
    ///   - receivedAt: when the message was received.
    package init(_ file: MappingFile, in accountRegion: AccountRegion, receivedAt: Timestamp) {
        let name = file.name.split(separator: "/").last.map(String.init) ?? file.name
        let base = name.hasSuffix(".yaml") ? String(name.dropLast(5)) : name
        source = SourceConfiguration.isName(base) ? base : "source"
        mapping = file.mapping
        configuration = nil
        alarms = nil
        self.accountRegion = accountRegion
        self.receivedAt = receivedAt
    }

    /// Converts for a source. An item belongs to the account and Region of its webhook, if it has one.
    ///
    /// - Parameter severities: `mapping.severities`.
    package init(
        _ source: SourceConfiguration, severities: SeverityRules, in accountRegion: AccountRegion, receivedAt: Timestamp
    ) {
        self.source = source.name
        mapping = source.mapping.mapping
        configuration = source
        alarms = source.alarmSource(severities: severities)
        self.accountRegion = source.webhook?.accountRegion ?? accountRegion
        self.receivedAt = receivedAt
    }

    /// Converts a message: JSON, lines of JSON, an SNS envelope that contains one, or an EventBridge event.
    ///
    /// - Returns: the outcome of each item. A message that cannot be split is one item.
    /// - Throws: `ConversionError` for a message that is not valid, or has no items.
    package func convert(_ bytes: [UInt8]) throws(MessageConverter.ConversionError) -> [ConvertedItem] {
        let (messages, accountRegion) = try parse(bytes)
        let context = ItemContext(
            source: source, accountRegion: accountRegion, receivedAt: receivedAt,
            severities: alarms?.severities ?? .none)
        let outcomes = messages.flatMap { self.outcomes(of: $0, in: context) }
        guard !outcomes.isEmpty else {
            throw MessageConverter.ConversionError(
                message: "the message has no items. Correct each in the mapping, or the message.")
        }
        return outcomes.enumerated().map { ConvertedItem(number: $0 + 1, outcome: $1) }
    }

    private func outcomes(of message: JSON, in context: ItemContext) -> [Result<ItemOutcome, MappingFailure>] {
        do throws(MappingFailure) {
            return try mapping.items(in: message).map { item in
                Result { () throws(MappingFailure) in
                    try mapping.outcome(of: alarms?.prepared(item) ?? item, in: context)
                }
            }
        } catch {
            return [.failure(error)]
        }
    }

    private func parse(_ bytes: [UInt8]) throws(MessageConverter.ConversionError) -> ([JSON], AccountRegion) {
        guard let json = try? JSON(parsing: bytes) else { return (try Self.lines(bytes), accountRegion) }
        if json["Type"] != nil, json["TopicArn"] != nil {
            guard let envelope = try? SNSMessage(parsing: bytes) else {
                throw MessageConverter.ConversionError(message: "the SNS envelope is not valid. Use one that SNS sent.")
            }
            let topic = envelope.topic
            let accountRegion = (try? configuration?.topics.accountRegion(of: topic)) ?? topic.accountRegion
            return (try Self.lines(Array(envelope.message.utf8)), accountRegion)
        }
        if json["detail-type"] != nil, let account = json["account"]?.string.flatMap({ AccountID($0) }),
            let region = json["region"]?.string.flatMap({ Region($0) })
        {
            return ([json], AccountRegion(account: account, region: region))
        }
        return ([json], accountRegion)
    }

    /// One JSON value, or one in each line.
    private static func lines(_ bytes: [UInt8]) throws(MessageConverter.ConversionError) -> [JSON] {
        do throws(JSONDocumentsError) {
            return try JSON.documents(in: bytes, limit: .max)
        } catch {
            throw MessageConverter.ConversionError(message: "the message is neither JSON nor lines of JSON: \(error)")
        }
    }
}
