import JSON

/// An independent copy of the AWS Security Finding Format's rules, for tests.
enum FormatRules {
    /// The problems of an element of a `BatchImportFindings` request.
    static func violations(of finding: JSON) -> [String] {
        var violations: [String] = []
        func check(_ isTrue: Bool, _ rule: String) { if !isTrue { violations.append(rule) } }
        func text(_ path: String, _ limit: Int) {
            let value = path.split(separator: ".").reduce(finding as JSON?) { $0?[String($1)] }
            check(isText(value, limit), "\(path) is 1 to \(limit) characters")
        }
        func optionalText(_ path: String, _ limit: Int) {
            if path.split(separator: ".").reduce(finding as JSON?, { $0?[String($1)] }) != nil { text(path, limit) }
        }
        text("Id", 512)
        text("ProductArn", 2048)
        text("GeneratorId", 512)
        text("Title", 256)
        text("Description", 1024)
        optionalText("SourceUrl", 2048)
        text("Severity.Original", 64)
        text("Remediation.Recommendation.Text", 512)
        optionalText("Remediation.Recommendation.Url", 2048)
        for name in ["CreatedAt", "UpdatedAt", "FirstObservedAt", "LastObservedAt"] {
            let time = finding[name]?.string ?? ""
            check((try? /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z/.wholeMatch(in: time)) != nil, "\(name) is a time")
        }
        let types = finding["Types"]?.array ?? []
        check((1...50).contains(types.count), "there are 1 to 50 types")
        for type in types {
            check((try? /([^\/]+)(\/[^\/]+){0,2}/.wholeMatch(in: type.string ?? "")) != nil, "Types are well-formed")
        }
        let labels = ["INFORMATIONAL", "LOW", "MEDIUM", "HIGH", "CRITICAL"]
        check(labels.contains(finding["Severity"]?["Label"]?.string ?? ""), "the severity is one of ASFF's")
        check(finding["FindingProviderFields"]?["Severity"] == finding["Severity"], "provider fields hold the severity")
        check(finding["FindingProviderFields"]?["Types"] == finding["Types"], "provider fields hold the types")
        check(["ACTIVE", "ARCHIVED"].contains(finding["RecordState"]?.string ?? ""), "the record state is one of two")
        let resources = finding["Resources"]?.array ?? []
        check((1...32).contains(resources.count), "there are 1 to 32 resources")
        for resource in resources {
            check(isText(resource["Type"], 256), "the resource has a type")
            check(isText(resource["Id"], 512), "the resource has an id")
            check(isMap(resource["Details"]?["Other"], 127, 1023), "Details.Other keeps its limits")
        }
        check(isMap(finding["ProductFields"], 128, 2048), "ProductFields keep their limits")
        check(finding.serialized().count <= 240_000, "the finding is at most 240 KB")
        return violations
    }

    private static func isText(_ json: JSON?, _ limit: Int) -> Bool {
        guard let text = json?.string else { return false }
        return (1...limit).contains(text.utf16.count)
            && text.unicodeScalars.contains { !$0.properties.isWhitespace }
            && !text.unicodeScalars.contains { $0.properties.generalCategory == .control }
    }

    private static func isMap(_ json: JSON?, _ keyLimit: Int, _ valueLimit: Int) -> Bool {
        guard let json else { return true }
        guard let map = json.object, (1...50).contains(map.count) else { return false }
        return map.allSatisfy { isText(.string($0.key.string), keyLimit) && isText($0.value, valueLimit) }
    }
}
