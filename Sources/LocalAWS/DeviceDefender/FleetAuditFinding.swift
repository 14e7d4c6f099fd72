import Encoding
package import JSON

/// An audit finding: a resource that failed a check.
package struct FleetAuditFinding: Sendable, Hashable {
    /// A resource.
    package struct Resource: Sendable, Hashable {
        /// The API's `ResourceType`, for example `DEVICE_CERTIFICATE`.
        package var type: String
        /// The API's `ResourceIdentifier`.
        package var identifier: JSON
        /// Additional information.
        package var additionalInfo: [String: String]

        /// Makes a resource.
        package init(type: String, identifier: JSON, additionalInfo: [String: String] = [:]) {
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

    /// The finding ID: at most 128 letters, digits, dashes and underscores.
    package var id: String
    /// The audit's task ID.
    package var taskID: String
    /// When the audit started, in milliseconds since 1970.
    package var taskStartTime: Int64
    /// When the finding was made, in milliseconds since 1970.
    package var time: Int64
    /// The check's name.
    package var checkName: String
    /// `CRITICAL`, `HIGH`, `MEDIUM` or `LOW`.
    package var severity: String
    /// The resource.
    package var resource: Resource
    /// Related resources.
    package var relatedResources: [Resource]
    /// The reason for non-compliance.
    package var reason: String
    /// The reason code.
    package var reasonCode: String
    /// Whether the finding is suppressed.
    package var isSuppressed: Bool

    /// Makes a finding.
    package init(
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
    package var json: JSON {
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
