import Cryptography
import FoundationEssentials
import HTTPServer
import HTTPTypes

/// The status page: one document with style and script in it, which a browser runs nothing else of.
struct StatusPage: Sendable {
    private let document: [UInt8]
    /// What the browser may load and run (Content Security Policy, level 3): the style and the script that are in the
    /// document, told by their digests, and what the bridge itself answers.
    let policy: String

    /// Puts style and script into the places that the document keeps for them.
    init(document: String, style: String, script: String) {
        let whole = document.replacing("/*style*/", with: style).replacing("/*script*/", with: script)
        self.document = Array(whole.utf8)
        policy = [
            "default-src 'none'", "style-src \(Self.source(of: "style", in: whole))",
            "script-src \(Self.source(of: "script", in: whole))", "connect-src 'self'", "img-src data:",
            "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'",
        ].joined(separator: "; ")
    }

    /// The page that the bridge was built with.
    init() {
        func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }
        let scripts = [
            PackageResources.document_js, PackageResources.contact_js, PackageResources.health_js,
            PackageResources.facts_js, PackageResources.accountRegions_js, PackageResources.deadLetters_js,
            PackageResources.events_js, PackageResources.page_js,
        ]
        self.init(
            document: text(PackageResources.index_html), style: text(PackageResources.style_css),
            script: scripts.map(text).joined(separator: "\n"))
    }

    /// The answer to who asks for the page.
    var response: ServerResponse {
        ServerResponse(
            status: .ok,
            headerFields: [
                .contentType: "text/html; charset=utf-8", .contentSecurityPolicy: policy,
                .xContentTypeOptions: "nosniff",
            ], body: document)
    }

    /// The digest of what an element holds, as the policy has it.
    private static func source(of element: String, in document: String) -> String {
        guard let start = document.firstRange(of: "<\(element)>"),
            let end = document[start.upperBound...].firstRange(of: "</\(element)>")
        else { return "'none'" }
        let digest = Digest.sha256(Array(document[start.upperBound..<end.lowerBound].utf8))
        return "'sha256-\(Data(digest).base64EncodedString())'"
    }
}
