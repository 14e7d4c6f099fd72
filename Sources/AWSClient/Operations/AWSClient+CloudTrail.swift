package import AWSCore
import JSON

/// An AWS CloudTrail trail.
package struct Trail: Sendable, Hashable {
    /// The trail's ARN.
    package let arn: String
    /// Whether the trail records events of all Regions; otherwise only those of its home Region.
    package let isMultiRegion: Bool
    /// The Region in which the trail was created.
    package let homeRegion: String
}

extension AWSClient {
    /// The trails that apply to a Region, including organization trails and multi-Region trails (AWS CloudTrail
    /// `DescribeTrails`).
    package func trails(region: Region) async throws(AWSError) -> [Trail] {
        let operation = Self.trailService("DescribeTrails", ["includeShadowTrails": true])
        guard let trails = try await performForJSON(operation, in: region)["trailList"]?.array else {
            throw operation.malformedResponse("trailList is missing")
        }
        return trails.compactMap { trail in
            guard let arn = trail["TrailARN"]?.string else { return nil }
            return Trail(
                arn: arn, isMultiRegion: trail["IsMultiRegionTrail"] == true,
                homeRegion: trail["HomeRegion"]?.string ?? "")
        }
    }

    /// Whether a trail is recording events (AWS CloudTrail `GetTrailStatus`).
    package func isLogging(_ trail: Trail, region: Region) async throws(AWSError) -> Bool {
        let operation = Self.trailService("GetTrailStatus", ["Name": .string(trail.arn)])
        guard let isLogging = try await performForJSON(operation, in: region)["IsLogging"]?.bool else {
            throw operation.malformedResponse("IsLogging is missing")
        }
        return isLogging
    }

    private static func trailService(_ name: String, _ members: JSON.Members) -> Operation {
        Operation(
            service: .cloudTrail, targeted: name, prefix: "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101.",
            members: members)
    }
}
