import AWSCore
import DeviceDefender
import Encoding
package import JSON

extension SecurityFinding {
    /// Parses a finding from ``json``, for example from the ledger: Security Hub archives a finding only if it is
    /// imported again as a whole.
    ///
    /// Also parses findings from Security Hub and those of AWS's sample, which lack some members. Members added by
    /// customers and by Security Hub are dropped. The limits of the format are applied again. Nil if a required member
    /// is missing or malformed.
    package init?(_ json: JSON) {
        guard let accountRegion = json["ProductArn"]?.string.flatMap({ ARN($0) })?.accountRegion,
            let id = json["Id"]?.string, let generatorID = json["GeneratorId"]?.string,
            let label = Self.severity(json)?["Label"]?.string.flatMap(Severity.Label.init),
            let title = json["Title"]?.string, let description = json["Description"]?.string,
            let resources = json["Resources"]?.array?.map(Self.resource), let resource = resources.first ?? nil,
            let createdAt = Self.time(json["CreatedAt"]),
            let updatedAt = Self.time(json["UpdatedAt"]),
            let recordState = json["RecordState"]?.string.flatMap(RecordState.init)
        else { return nil }
        let recommendation = json["Remediation"]?["Recommendation"]
        self.init(
            FindingDraft(
                id: id, accountRegion: accountRegion, generatorID: generatorID,
                types: (json["FindingProviderFields"]?["Types"] ?? json["Types"])?.array?.compactMap(\.string) ?? [],
                severity: label,
                originalSeverity: Self.severity(json)?["Original"]?.string ?? "", title: title,
                description: description,
                sourceURL: json["SourceUrl"]?.string ?? recommendation?["Url"]?.string,
                remediation: recommendation?["Text"]?.string.map { text in
                    FindingDraft.Remediation(text: text, url: recommendation?["Url"]?.string)
                },
                resource: resource, otherResources: resources.dropFirst().compactMap(\.self),
                productFields: Self.entries(json["ProductFields"]).filter { !$0.key.hasPrefix("aws/") },
                createdAt: createdAt, updatedAt: updatedAt,
                firstObservedAt: Self.time(json["FirstObservedAt"]) ?? createdAt,
                lastObservedAt: Self.time(json["LastObservedAt"]) ?? updatedAt, recordState: recordState))
        userDefinedFields = FindingText.boundedMap(
            Self.entries(json["UserDefinedFields"]), keyLimit: FindingLimits.productFieldKey,
            valueLimit: FindingLimits.userDefinedValue)
        names = ProductNames(
            product: Self.name(json["ProductName"], default: ProductNames.default.product),
            company: Self.name(json["CompanyName"], default: ProductNames.default.company))
    }

    /// A name, unless it is the one that Security Hub fills in.
    private static func name(_ json: JSON?, default: String?) -> String? {
        json?.string.flatMap { $0 == `default` ? nil : FindingText.bounded($0, to: ProductNames.length.upperBound) }
    }

    /// The provider's severity: a customer may have changed the finding's.
    private static func severity(_ json: JSON) -> JSON? {
        json["FindingProviderFields"]?["Severity"] ?? json["Severity"]
    }

    private static func resource(_ json: JSON) -> FindingDraft.Resource? {
        guard let type = json["Type"]?.string, let id = json["Id"]?.string else { return nil }
        return FindingDraft.Resource(type: type, id: id, details: entries(json["Details"]?["Other"]))
    }

    private static func time(_ json: JSON?) -> Timestamp? { json?.string.flatMap { Timestamp(iso8601: $0) } }

    private static func entries(_ json: JSON?) -> [(key: String, value: String)] {
        (json?.object ?? [:]).sorted { $0.key < $1.key }
            .compactMap { key, value in value.string.map { (key.string, $0) } }
    }
}
