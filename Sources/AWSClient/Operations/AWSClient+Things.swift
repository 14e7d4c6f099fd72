package import AWSCore
import Encoding
import HTTPTypes
package import JSON

extension AWSClient {
    /// The attributes of a thing (AWS IoT `DescribeThing`).
    ///
    /// - Throws: ``AWSError``; `notFound` if there is no such thing.
    package func thingAttributes(of name: String, region: Region) async throws(AWSError) -> [UTF8Text: String] {
        let operation = Operation(
            service: .iot, name: "DescribeThing", method: .get, path: "/things/\(PercentEncoding.encode(name))")
        let response = try await performForJSON(operation, in: region)
        guard response["thingName"]?.string != nil else { throw operation.malformedResponse("thingName is missing") }
        return (response["attributes"]?.object ?? [:]).compactMapValues(\.string)
    }
}
