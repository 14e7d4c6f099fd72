import AWSCore
import SNS

/// Any SNS envelope is parsed or rejected, and parsed messages have a valid form.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzSNSEnvelope(_ data: UnsafePointer<UInt8>?, _ size: Int) -> CInt {
    let bytes = Array(UnsafeBufferPointer(start: data, count: size))
    do throws(SNSError) {
        let message = try SNSMessage(parsing: bytes)
        precondition(!message.messageID.isEmpty && !message.stringToSign.isEmpty)
        if let url = try message.confirmationURL() {
            precondition(
                url.hasPrefix("https://sns.\(message.topic.accountRegion.region)."),
                "a request would go to another host")
        }
        let certificate = try SigningCertificateURL(message.signingCertificateURL, topic: message.topic)
        precondition(certificate.description.hasPrefix("https://sns."), "a request would go to another host")
    } catch {
        precondition(!"\(error.code)".isEmpty && !error.message.isEmpty)
    }
    return 0
}
