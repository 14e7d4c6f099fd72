import Encoding
package import JSON
import SecurityFindings

extension Mapping {
    /// What an item says.
    ///
    /// Pure: equal items in equal contexts have equal outcomes. Takes time linear in the item for each key of the
    /// mapping, and never fails for an item that has the required values in its account-Region.
    ///
    /// - Throws: ``MappingFailure`` with the first key that has no result.
    package func outcome(of message: JSON, in context: ItemContext) throws(MappingFailure) -> ItemOutcome {
        let item = try decode(message)
        if let ignore, ignore.matches(item) { return .ignored }
        try checkAccounts(of: item, in: context)
        if let archivesGroupWhen, let group, archivesGroupWhen.matches(item) {
            let parts = try value(.group) { () throws(ItemError) in try group.parts(of: item) }
            return .archivesGroup(FindingID.path(parts), try archivalTime(of: item, in: context))
        }
        return .finding(try finding(for: item, at: try time(.time, time, item, context), in: context))
    }

    private func decode(_ item: JSON) throws(MappingFailure) -> JSON {
        guard case .cef(let path) = decoding else { return item }
        let text = try value(.decode) { () throws(ItemError) in try path.value(in: item) }
        do throws(CEFError) {
            return try CEFMessage.decode(text)
        } catch {
            throw MappingFailure(.notUnderstood, key: .decode, problem: error.description)
        }
    }

    /// Rejects items that name another account or Region: a topic or a webhook proves whose items it carries.
    private func checkAccounts(of item: JSON, in context: ItemContext) throws(MappingFailure) {
        for path in accounts {
            for text in path.texts(in: item) where !context.isConsistent(with: text) {
                throw MappingFailure(
                    .wrongAccount, key: .accounts,
                    problem: "the value at \(path.text) is of another account or Region than \(context.accountRegion). "
                        + "Correct the sender, or the account of the source.")
            }
        }
    }

    /// When an item archived its group. A time without milliseconds is the end of its second, so that it is not before the
    /// states of the findings that it archives.
    private func archivalTime(of item: JSON, in context: ItemContext) throws(MappingFailure) -> StateTime {
        guard let archivesGroupAt else { return try time(.time, time, item, context) }
        let time = try time(.archivesGroupAt, archivesGroupAt, item, context)
        guard case .stated(let stated) = time, stated.milliseconds % 1000 == 0 else { return time }
        return .stated(stated + .milliseconds(999))
    }

    private func time(
        _ key: MappingKey, _ rule: TimeRule?, _ item: JSON, _ context: ItemContext
    ) throws(MappingFailure) -> StateTime {
        let reading = try value(key) { () throws(ItemError) in
            try rule?.time(of: item, receivedAt: context.receivedAt)
        }
        guard let reading else { return .unstated }
        return reading.isReplaced ? .replaced(reading.time) : .stated(reading.time)
    }

    /// The group of an item; nil if the mapping has none, or if the item lacks a part of it.
    func groupName(of item: JSON) throws(MappingFailure) -> String? {
        guard let group else { return nil }
        do throws(ItemError) {
            return FindingID.path(try group.parts(of: item))
        } catch {
            guard error.reason == .missing else { throw MappingFailure(error, key: .group) }
            return nil
        }
    }

    /// The result of a rule, with the key in the error.
    func value<Value>(
        _ key: MappingKey, _ rule: () throws(ItemError) -> Value
    ) throws(MappingFailure) -> Value {
        do throws(ItemError) {
            return try rule()
        } catch {
            throw MappingFailure(error, key: key)
        }
    }
}
