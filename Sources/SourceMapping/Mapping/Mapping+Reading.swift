extension Mapping {
    /// The maximum number of product fields of a mapping: the format's limit minus those that every finding has.
    package static let maximumProductFields = 40
    /// The maximum number of details of all resources together, so that their names fit in a finding.
    package static let maximumDetails = 200

    /// Reads a mapping file.
    ///
    /// - Returns: nil if there are errors; all of them are added.
    package init?(reading tree: TreeReader, errors: inout MappingErrors) {
        let count = errors.count
        guard let object = tree.object(MappingKey.self, example: "id: [$.id]", errors: &errors) else { return nil }
        let reader = MappingReader(object: object)
        about = object.optional(.about, errors: &errors)?.text(example: "alerts of the plant", errors: &errors)
        each = reader.each(errors: &errors)
        decoding = reader.decoding(errors: &errors) ?? .json
        ignore = object.optional(.ignore, errors: &errors)?.eventPattern(errors: &errors)
        accounts = reader.accounts(errors: &errors)
        let identity = object.required(.id, example: "[$.id]", errors: &errors)
            .flatMap { IdentityRule(reading: $0, errors: &errors) }
        group = object.optional(.group, errors: &errors).flatMap { IdentityRule(reading: $0, errors: &errors) }
        archivesGroupWhen = reader.archivesGroupWhen(errors: &errors)
        archivesGroupAt = reader.archivesGroupAt(errors: &errors)
        time = object.optional(.time, errors: &errors).flatMap { TimeRule(reading: $0, errors: &errors) }
        firstObservedAt = object.optional(.firstObservedAt, errors: &errors)
            .flatMap { TimeRule(reading: $0, errors: &errors) }
        archivedWhen = object.optional(.archivedWhen, errors: &errors)?.eventPattern(errors: &errors)
        let severity = object.required(.severity, example: "{path: $.risk, map: {default: MEDIUM}}", errors: &errors)
            .flatMap { SeverityRule(reading: $0, errors: &errors) }
        let title = object.required(.title, example: "\"Alarm {$.name}\"", errors: &errors)?.textRule(errors: &errors)
        let description = object.required(.description, example: "\"{$.description}\"", errors: &errors)?
            .textRule(errors: &errors)
        types = reader.types(errors: &errors)
        resources = reader.resources(errors: &errors)
        productFields = reader.productFields(errors: &errors)
        sourceURL = object.optional(.sourceUrl, errors: &errors)?.urlRule(errors: &errors)
        remediation = reader.remediation(errors: &errors)
        tests = reader.tests(errors: &errors)
        guard errors.count == count, let identity, let severity, let title, let description else { return nil }
        self.identity = identity
        self.severity = severity
        self.title = title
        self.description = description
    }
}
