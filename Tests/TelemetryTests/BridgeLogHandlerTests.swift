import Foundation
import JSON
import Logging
import TestSupport
import Testing

@testable import Telemetry

@Suite("Log handler") struct BridgeLogHandlerTests {
    @Test("Metadata of the statement precedes that of the provider, and that precedes the handler's")
    func precedence() throws {
        var handler = BridgeLogHandler(label: "x", sink: LogSink(level: .info, format: .json))
        handler.metadata = ["a": "handler", "b": "handler", "c": "handler"]
        handler.metadataProvider = Logger.MetadataProvider { ["b": "provider", "c": "provider"] }
        var event = Logging.LogEvent(
            level: .info, message: "x", metadata: ["c": "statement"], source: nil, file: "", function: "", line: 0)
        #expect(handler.allMetadata(of: event) == ["a": "handler", "b": "provider", "c": "statement"])
        event.metadata = nil
        event.error = CancellationError()
        #expect(handler.allMetadata(of: event)["error"] == "CancellationError()")
        #expect(handler.allMetadata(of: event).count == 4)
    }

    @Test("Repeated lines are counted by code; those of clients' errors by status and host")
    func kinds() {
        func kind(_ level: Logger.Level, _ message: String, _ fields: LogFields) -> [String?]? {
            LogLineKind(level, message, fields.metadata).map { [$0.code, $0.peer] }
        }
        let completed = LogEvent.requestCompleted.message
        for (peer, host) in [("192.0.2.7:80", "192.0.2.7"), ("[::1]:4711", "::1"), ("unknown", "unknown")] {
            #expect(kind(.info, completed, [.status: .integer(404), .peer: .string(peer)]) == ["404", host])
        }
        for status in [200, 302, 500, 503] {
            #expect(kind(.info, completed, [.status: .integer(status), .peer: "192.0.2.7:80"]) == nil)
        }
        #expect(kind(.warning, "x", [.code: "c", .status: .integer(400), .peer: "192.0.2.7:80"]) == ["c", nil])
        #expect(kind(.info, "x", [.code: "c"]) == ["c", nil])
        #expect(kind(.error, "x", [:]) == [nil, nil])
        #expect(kind(.notice, "x", [.reason: "r"]) == nil)
    }
}
