import AWSCore
import JSON

/// The trail of an account (AWS CloudTrail API Reference): one for all Regions.
struct Trails {
    var isLogging = true

    /// The response to `DescribeTrails`.
    func description(in accountRegion: AccountRegion) -> JSON {
        let arn = ARN(service: "cloudtrail", accountRegion: accountRegion, resource: "trail/management-events")
        return [
            "trailList": [
                [
                    "Name": "management-events", "TrailARN": .string(arn.description), "IsMultiRegionTrail": true,
                    "HomeRegion": .string(accountRegion.region.name),
                ]
            ]
        ]
    }

    /// The response to `GetTrailStatus`.
    var status: JSON { ["IsLogging": .bool(isLogging)] }
}
