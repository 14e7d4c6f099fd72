import Foundation
import TestSupport
import Testing

@testable import Bridge

@Suite struct LogOutputTests {
    private func line(_ text: String) -> [UInt8] { Array("\(text)\n".utf8) }

    @Test("Trouble is written at once, behind the lines that waited")
    func urgent() async throws {
        let pipe = Pipe()
        let output = LogOutput(to: pipe.fileHandleForWriting.fileDescriptor)
        output.write(line("first"), atOnce: false)
        output.write(line("second"), atOnce: false)
        output.write(line("trouble"), atOnce: true)
        #expect(String(decoding: pipe.fileHandleForReading.availableData, as: UTF8.self) == "first\nsecond\ntrouble\n")
    }

    @Test("A line that nothing follows is written by itself", .timeLimit(.minutes(1)))
    func alone() async throws {
        let pipe = Pipe()
        let output = LogOutput(to: pipe.fileHandleForWriting.fileDescriptor)
        for number in 0..<3 {
            output.write(line("\(number)"), atOnce: false)
            // Blocks until there is something.
            #expect(String(decoding: pipe.fileHandleForReading.availableData, as: UTF8.self) == "\(number)\n")
        }
    }

    @Test("Lines of many threads, longer than a pipe takes at once, come whole and in each thread's order")
    func whole() async throws {
        let pipe = Pipe()
        let output = LogOutput(to: pipe.fileHandleForWriting.fileDescriptor)
        let filling = String(repeating: "x", count: 6000)
        let reading = Task.detached { try pipe.fileHandleForReading.readToEnd() ?? Data() }
        await withDiscardingTaskGroup { group in
            for thread in 0..<4 {
                group.addTask {
                    for number in 0..<100 {
                        output.write(line("\(thread) \(number) \(filling)"), atOnce: number.isMultiple(of: 7))
                    }
                }
            }
        }
        output.flush()
        try pipe.fileHandleForWriting.close()
        let lines = String(decoding: try await reading.value, as: UTF8.self).split(separator: "\n")
        #expect(lines.count == 400)
        for thread in 0..<4 {
            let own = lines.filter { $0.hasPrefix("\(thread) ") }.map(String.init)
            #expect(own == (0..<100).map { "\(thread) \($0) \(filling)" })
        }
    }
}
