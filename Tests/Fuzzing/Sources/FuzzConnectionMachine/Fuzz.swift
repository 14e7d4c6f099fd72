import HTTPTypes

@testable import HTTPServer

/// For any input in any order, the state machine must dispatch each request once, close, and stay closed.
///
/// Each byte from 0xF0 is an event; other bytes come from the client.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzConnectionMachine(_ data: UnsafePointer<UInt8>?, _ size: Int) -> CInt {
    let bytes = Array(UnsafeBufferPointer(start: data, count: size))
    var connection = Connection()
    var rest = bytes[...]
    while let next = rest.first {
        if next >= 0xF0 {
            connection.happen(next)
            rest.removeFirst()
        } else {
            let chunk = rest.prefix { $0 < 0xF0 }
            connection.receive(Array(chunk))
            rest.removeFirst(chunk.count)
        }
    }
    connection.finish()
    return 0
}

private struct Connection {
    var machine = HTTP1ConnectionStateMachine(
        limits: HTTPLimits(requestLine: 200, head: 600, headerFields: 12, body: 500))
    var waiting: ServerRequest?
    /// Number of chunks of the response being streamed; nil if none.
    var pieces: Int?
    var isClosed = false

    mutating func receive(_ bytes: [UInt8]) {
        // Bytes in flight when reading stops still arrive.
        machine.receive(bytes.span)
        advance()
    }

    mutating func happen(_ what: UInt8) {
        switch what & 3 {
        case 0: if pieces == nil { response() } else { stream() }
        case 1: machine.receiveEnd()
        case 2: machine.drain()
        default: machine.endWhenIdle()
        }
        advance()
    }

    mutating func response() {
        guard let request = waiting else { return }
        precondition(machine.isResponding && !machine.isIdle)
        waiting = nil
        var response = ServerResponse(status: .ok, body: request.body)
        if request.body.count % 2 == 1 { response.stream = { _ in } }
        let bytes = machine.respond(response, DefaultResponseFields(date: "now", requestID: "1"))
        precondition(bytes.starts(with: "HTTP/1.1 200 OK\r\n".utf8))
        precondition(machine.isStreaming == (response.stream != nil && request.head.method != .head))
        if machine.isStreaming {
            pieces = 0
        } else {
            precondition(request.head.method == .head || bytes.suffix(request.body.count) == request.body[...])
        }
    }

    mutating func stream() {
        guard let count = pieces else { return }
        precondition(machine.isStreaming && machine.isResponding && !machine.isIdle)
        if count < 2 {
            precondition(machine.chunk([1, 2, 3]).count >= 3)
            pieces = count + 1
        } else {
            _ = machine.finishStream()
            pieces = nil
        }
    }

    mutating func advance() {
        while true {
            switch machine.next() {
            case .wait:
                precondition(!isClosed, "the connection continued after it was closed")
                precondition((waiting == nil && pieces == nil) || machine.isResponding)
                return
            case .dispatch(let request):
                precondition(waiting == nil && pieces == nil && !isClosed)
                waiting = request
            case .write(let bytes): precondition(bytes.starts(with: "HTTP/1.1 100".utf8) && waiting == nil)
            case .reject(let fault):
                precondition(waiting == nil && !isClosed)
                let bytes = machine.reject(fault, DefaultResponseFields(date: "now"))
                precondition(bytes.starts(with: "HTTP/1.1 \(fault.status.code) ".utf8))
            case .close:
                precondition(!machine.wantsBytes && waiting == nil)
                // No more chunks are requested of a stream then.
                (isClosed, pieces) = (true, nil)
                return
            }
        }
    }

    /// After the client closes, the connection closes once all requests have responses.
    mutating func finish() {
        machine.receiveEnd()
        advance()
        while waiting != nil {
            response()
            advance()
        }
        precondition(isClosed, "the connection was not closed")
    }
}
