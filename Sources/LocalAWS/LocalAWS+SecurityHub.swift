package import AWSCore
package import JSON

extension LocalAWS {
    /// Performs `BatchImportFindings` without a signature.
    ///
    /// - Returns: the response; nil if the request was rejected.
    @discardableResult
    package func importFindings(_ request: JSON, in accountRegion: AccountRegion) -> JSON? {
        let now = state.clock()
        return state.withLock { try? $0[hub: accountRegion].importFindings(request, now: now) }
    }

    /// Performs `BatchUpdateFindings` for an analyst, without a signature.
    ///
    /// - Returns: the response; nil if the request was rejected.
    @discardableResult
    package func updateFindings(_ request: JSON, in accountRegion: AccountRegion) -> JSON? {
        let now = state.clock()
        return state.withLock { try? $0[hub: accountRegion].updateFindings(request, now: now) }
    }

    /// Sets the state of AWS Security Hub in an account and Region.
    package func setSecurityHubV2(_ hub: SecurityHubV2State, in accountRegion: AccountRegion) {
        state.withLock { $0.hubsV2[accountRegion] = hub }
    }
}
