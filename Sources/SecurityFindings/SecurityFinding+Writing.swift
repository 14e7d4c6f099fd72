import AWSCore
import DeviceDefender
import Encoding
import JSON

extension SecurityFinding {
    /// The finding as an element of `Findings` in a request to `BatchImportFindings`: compact UTF-8 JSON of at most
    /// 240 KB, with the members of objects sorted by name, so that equal findings give equal bytes.
    package func serialized() -> [UInt8] {
        var object = ObjectWriter(capacity: 3072)
        object.add("AwsAccountId", accountRegion.account.digits)
        if let company = names.company { object.add("CompanyName", company) }
        if isFromAudit, recordState == .active { object.add("Compliance") { $0.add("Status", "FAILED") } }
        object.add("CreatedAt", createdAt)
        object.add("Description", description)
        object.add("FindingProviderFields") { fields in
            fields.add("Severity", writeSeverity)
            if !types.isEmpty { fields.add("Types", types) }
        }
        object.add("FirstObservedAt", firstObservedAt)
        object.add("GeneratorId", generatorID)
        object.add("Id", id)
        object.add("LastObservedAt", lastObservedAt)
        object.add("ProductArn", Self.productARN(accountRegion: accountRegion))
        if !productFields.isEmpty { object.add("ProductFields", productFields) }
        if let product = names.product { object.add("ProductName", product) }
        object.add("RecordState", recordState.rawValue)
        if let remediation {
            object.add("Remediation") { object in
                object.add("Recommendation") { recommendation in
                    recommendation.add("Text", remediation.text)
                    if let url = remediation.url { recommendation.add("Url", url) }
                }
            }
        }
        object.add("Resources", [resource] + otherResources, write)
        object.add("SchemaVersion", "2018-10-08")
        object.add("Severity", writeSeverity)
        if let sourceURL { object.add("SourceUrl", sourceURL) }
        object.add("Title", title)
        if !types.isEmpty { object.add("Types", types) }
        object.add("UpdatedAt", updatedAt)
        if !userDefinedFields.isEmpty { object.add("UserDefinedFields", userDefinedFields) }
        return object.finish()
    }

    private func writeSeverity(to object: inout ObjectWriter) {
        object.add("Label", severity.label.rawValue)
        object.add("Original", severity.original)
    }

    private func write(_ resource: Resource, to object: inout ObjectWriter) {
        if !resource.details.isEmpty { object.add("Details") { $0.add("Other", resource.details) } }
        object.add("Id", resource.id)
        if let partition = accountRegion.partition.findingWord { object.add("Partition", partition) }
        if accountRegion.region.name.utf8.count <= FindingLimits.region {
            object.add("Region", accountRegion.region.name)
        }
        object.add("Type", resource.type)
    }
}

/// Writes a JSON object. Its members are added in the order of their names.
private struct ObjectWriter {
    private var bytes: [UInt8] = []
    private var isEmpty = true

    init(capacity: Int) {
        bytes.reserveCapacity(capacity)
        bytes.append(UInt8(ascii: "{"))
    }

    /// Ends the object, and returns it.
    mutating func finish() -> [UInt8] {
        bytes.append(UInt8(ascii: "}"))
        return bytes
    }

    /// - Parameter name: needs no escapes.
    mutating func add(_ name: String, _ text: String) {
        addName(name)
        JSON.write(text, to: &bytes)
    }

    mutating func add(_ name: String, _ time: Timestamp) {
        addName(name)
        bytes.append(UInt8(ascii: "\""))
        time.writeISO8601(to: &bytes)
        bytes.append(UInt8(ascii: "\""))
    }

    mutating func add(_ name: String, _ texts: [String]) {
        addName(name)
        bytes.append(UInt8(ascii: "["))
        for (index, text) in texts.enumerated() {
            if index > 0 { bytes.append(UInt8(ascii: ",")) }
            JSON.write(text, to: &bytes)
        }
        bytes.append(UInt8(ascii: "]"))
    }

    mutating func add(_ name: String, _ map: TextMap) {
        add(name) { object in
            for entry in map.entries {
                object.separate()
                JSON.write(entry.key.string, to: &object.bytes)
                object.bytes.append(UInt8(ascii: ":"))
                JSON.write(entry.value, to: &object.bytes)
            }
        }
    }

    mutating func add(_ name: String, _ write: (inout ObjectWriter) -> Void) {
        addName(name)
        addObject(write)
    }

    /// Adds an array of objects.
    mutating func add<Element>(_ name: String, _ elements: [Element], _ write: (Element, inout ObjectWriter) -> Void) {
        addName(name)
        bytes.append(UInt8(ascii: "["))
        for (index, element) in elements.enumerated() {
            if index > 0 { bytes.append(UInt8(ascii: ",")) }
            addObject { write(element, &$0) }
        }
        bytes.append(UInt8(ascii: "]"))
    }

    private mutating func addObject(_ write: (inout ObjectWriter) -> Void) {
        bytes.append(UInt8(ascii: "{"))
        isEmpty = true
        write(&self)
        isEmpty = false
        bytes.append(UInt8(ascii: "}"))
    }

    private mutating func addName(_ name: String) {
        separate()
        bytes.append(UInt8(ascii: "\""))
        bytes.append(contentsOf: name.utf8)
        bytes.append(UInt8(ascii: "\""))
        bytes.append(UInt8(ascii: ":"))
    }

    private mutating func separate() {
        if !isEmpty { bytes.append(UInt8(ascii: ",")) }
        isEmpty = false
    }
}

extension Partition {
    /// The AWS Security Finding Format's word for the AWS partition; nil where the format has none.
    fileprivate var findingWord: String? {
        switch self {
        case .aws, .awsCN, .awsUSGov: rawValue
        case .awsISO: "aws-us-iso"
        case .awsISOB: "aws-us-iso-b"
        case .awsEUSC, .awsISOE, .awsISOF: nil
        }
    }
}
