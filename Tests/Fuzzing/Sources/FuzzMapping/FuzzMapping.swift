import AWSCore
import Encoding
import JSON

@testable import SecurityFindings
@testable import SourceMapping

/// Any mapping is read or rejected with errors, and a read one maps any message to findings within the limits of the
/// format, or fails with a reason.
///
/// The first line is the mapping in JSON, the rest the message.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzMapping(_ data: UnsafePointer<UInt8>?, _ size: Int) -> CInt {
    let bytes = Array(UnsafeBufferPointer(start: data, count: size))
    let line = bytes.prefix { $0 != UInt8(ascii: "\n") }
    guard let tree = try? JSON(parsing: Array(line)) else { return 0 }
    var errors = MappingErrors()
    guard let mapping = Mapping(reading: TreeReader(tree), errors: &errors) else {
        precondition(!errors.isEmpty && !errors.description.isEmpty)
        return 0
    }
    precondition(errors.isEmpty)
    guard let message = try? JSON(parsing: Array(bytes.dropFirst(line.count + 1))),
        let account = AccountID("111122223333"), let region = Region("eu-central-1")
    else { return 0 }
    let context = ItemContext(
        source: "fuzzed", accountRegion: AccountRegion(account: account, region: region),
        receivedAt: Timestamp(milliseconds: 1_795_341_600_000))
    do throws(MappingFailure) {
        for item in try mapping.items(in: message) { check(try mapping.outcome(of: item, in: context)) }
    } catch {
        precondition(!error.problem.isEmpty)
    }
    return 0
}

private func check(_ outcome: ItemOutcome) {
    guard case .finding(let mapped) = outcome else { return }
    let bytes = mapped.finding.serialized()
    precondition(bytes.count <= 240_000)
    guard let json = try? JSON(parsing: bytes) else { preconditionFailure("the finding is no JSON") }
    precondition(json["Title"]?.string?.isEmpty == false && json["Resources"]?.array?.isEmpty == false)
    precondition(mapped.finding.id.utf8.count <= 512)
}
