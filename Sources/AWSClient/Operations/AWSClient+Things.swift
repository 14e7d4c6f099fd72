package import AWSCore
import HTTPTypes
package import JSON

extension AWSClient {
    /// The attributes of a thing (AWS IoT `DescribeThing`).
    ///
    /// - Throws: ``AWSError``; `notFound` if there is no such thing, `invalid` if there cannot be one of this
    ///   name, or if it has a colon: paths with one cannot be signed.
    package func thingAttributes(of name: String, region: Region) async throws(AWSError) -> [UTF8Text: String] {
        let operation = Operation(
            service: .iot, name: "DescribeThing", method: .get, path: "/things/\(name)")
        let isValid =
            (1...128).contains(name.utf8.count)
            && name.utf8.allSatisfy { byte in
                switch byte {
                case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
                default: "_-".utf8.contains(byte)
                }
            }
        guard isValid else {
            throw operation.invalidInput("only things whose name has 1 to 128 letters, digits, _ and - are looked up")
        }
        let response = try await performForJSON(operation, in: region)
        guard response["thingName"]?.string != nil else { throw operation.malformedResponse("thingName is missing") }
        return (response["attributes"]?.object ?? [:]).compactMapValues(\.string)
    }
}
