public import JSON

/// A resource that failed a check, as the AWS IoT API tells it.
public struct FleetAuditFinding: Sendable, Hashable {
    /// A resource.
    public struct Resource: Sendable, Hashable {
        /// The API's `ResourceType`, for example `DEVICE_CERTIFICATE`.
        public var type: String
        /// The API's `ResourceIdentifier`.
        public var identifier: JSON
        /// More about it.
        public var additionalInfo: [String: String]

        /// Makes a resource.
        public init(type: String, identifier: JSON, additionalInfo: [String: String] = [:]) {
            self.type = type
            self.identifier = identifier
            self.additionalInfo = additionalInfo
        }

        var json: JSON {
            var members: JSON.Members = ["resourceType": .string(type), "resourceIdentifier": identifier]
            if !additionalInfo.isEmpty { members["additionalInfo"] = JSON(texts: additionalInfo) }
            return .object(members)
        }
    }

    /// The finding's id: letters, digits, dashes and underscores, at most 128.
    public var id: String
    /// The audit's id.
    public var taskID: String
    /// When the audit started, in milliseconds since 1970.
    public var taskStartTime: Int64
    /// When the resource was found to fail, in milliseconds since 1970.
    public var time: Int64
    /// The check's name.
    public var checkName: String
    /// `CRITICAL`, `HIGH`, `MEDIUM` or `LOW`.
    public var severity: String
    /// The resource.
    public var resource: Resource
    /// Resources that have to do with it.
    public var relatedResources: [Resource]
    /// Why it fails, in words.
    public var reason: String
    /// The same as a code.
    public var reasonCode: String
    /// Whether somebody suppressed the finding.
    public var isSuppressed: Bool

    /// Makes a finding.
    public init(
        id: String, taskID: String, taskStartTime: Int64, time: Int64, checkName: String, severity: String,
        resource: Resource, relatedResources: [Resource] = [], reason: String, reasonCode: String,
        isSuppressed: Bool = false
    ) {
        self.id = id
        self.taskID = taskID
        self.taskStartTime = taskStartTime
        self.time = time
        self.checkName = checkName
        self.severity = severity
        self.resource = resource
        self.relatedResources = relatedResources
        self.reason = reason
        self.reasonCode = reasonCode
        self.isSuppressed = isSuppressed
    }

    /// An element of the response of `ListAuditFindings`.
    public var json: JSON {
        var members: JSON.Members = [
            "findingId": .string(id), "taskId": .string(taskID), "checkName": .string(checkName),
            "taskStartTime": .number(Timestamp(milliseconds: taskStartTime).epochSeconds),
            "findingTime": .number(Timestamp(milliseconds: time).epochSeconds), "severity": .string(severity),
            "nonCompliantResource": resource.json, "reasonForNonCompliance": .string(reason),
            "reasonForNonComplianceCode": .string(reasonCode), "isSuppressed": .bool(isSuppressed),
        ]
        if !relatedResources.isEmpty { members["relatedResources"] = .array(relatedResources.map(\.json)) }
        return .object(members)
    }
}
