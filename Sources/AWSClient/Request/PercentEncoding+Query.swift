package import Encoding

extension PercentEncoding {
    /// Encodes parameters as a query without its question mark, in the canonical form of AWS Signature Version 4:
    /// sorted by encoded name, then value.
    package static func query(_ parameters: [(name: String, value: String)]) -> String {
        parameters.map { (encode($0.name), encode($0.value)) }
            .sorted { $0 < $1 }
            .map { "\($0.0)=\($0.1)" }
            .joined(separator: "&")
    }
}
