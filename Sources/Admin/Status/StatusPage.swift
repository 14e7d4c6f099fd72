import Cryptography
import Encoding
import HTTPServer
import HTTPTypes

/// The status page: one HTML document with inline style and script.
struct StatusPage: Sendable {
    private let document: [UInt8]
    /// Content Security Policy (level 3): the browser may use only the inline style and script, identified by their digests, and may
    /// connect only to the bridge.
    let policy: String

    /// Inserts style and script at their placeholders in the document.
    init(document: String, style: String, script: String) {
        let whole = document.replacing("/*style*/", with: style).replacing("/*script*/", with: script)
        self.document = Array(whole.utf8)
        policy = [
            "default-src 'none'", "style-src \(Self.source(of: "style", in: whole))",
            "script-src \(Self.source(of: "script", in: whole))", "connect-src 'self'", "img-src data:",
            "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'",
        ].joined(separator: "; ")
    }

    /// The page that is embedded in the program.
    init() {
        func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }
        let styles = [PackageResources.style_css, PackageResources.tables_css]
        let scripts = [
            PackageResources.text_js, PackageResources.document_js, PackageResources.controls_js,
            PackageResources.contact_js, PackageResources.health_js, PackageResources.problems_js,
            PackageResources.findings_js, PackageResources.trend_js, PackageResources.facts_js,
            PackageResources.table_js, PackageResources.accountRegion_js, PackageResources.accountRegions_js,
            PackageResources.sources_js, PackageResources.actions_js, PackageResources.payload_js,
            PackageResources.deadLetters_js, PackageResources.subscriptions_js, PackageResources.events_js,
            PackageResources.delivery_js, PackageResources.page_js,
        ]
        self.init(
            document: text(PackageResources.index_html), style: styles.map(text).joined(separator: "\n"),
            script: scripts.map(text).joined(separator: "\n"))
    }

    /// The response with the page.
    var response: ServerResponse {
        ServerResponse(
            status: .ok,
            headerFields: [
                .contentType: "text/html; charset=utf-8", .contentSecurityPolicy: policy,
                .xContentTypeOptions: "nosniff",
            ], body: document)
    }

    /// The source expression with the digest of an element's content.
    private static func source(of element: String, in document: String) -> String {
        guard let start = document.firstRange(of: "<\(element)>"),
            let end = document[start.upperBound...].firstRange(of: "</\(element)>")
        else { return "'none'" }
        let digest = Digest.sha256(Array(document[start.upperBound..<end.lowerBound].utf8))
        return "'sha256-\(Base64.encode(digest))'"
    }
}
