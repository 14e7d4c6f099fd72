import AWSCore
import SNS

/// Whatever is posted as an SNS envelope is taken apart or refused, and what is taken has an acceptable form.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzSNSEnvelope(_ data: UnsafePointer<UInt8>?, _ size: Int) -> CInt {
    let bytes = Array(UnsafeBufferPointer(start: data, count: size))
    do throws(SNSError) {
        let message = try SNSMessage(parsing: bytes)
        precondition(!message.messageID.isEmpty && !message.stringToSign.isEmpty)
        if let url = try message.confirmationURL() {
            precondition(
                url.hasPrefix("https://sns.\(message.topic.accountRegion.region)."), "another host would be asked")
        }
        let certificate = try SigningCertificateURL(message.signingCertificateURL, topic: message.topic)
        precondition(certificate.description.hasPrefix("https://sns."), "another host would be asked")
    } catch {
        precondition(!error.code.isEmpty && !error.message.isEmpty)
    }
    return 0
}
