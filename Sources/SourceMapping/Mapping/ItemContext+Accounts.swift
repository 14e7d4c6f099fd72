import AWSCore

extension ItemContext {
    /// Whether a text, an account ID or an ARN, is of this account-Region. An ARN without account or Region, as those
    /// of global resources, does not contradict it; nor does a text that is neither.
    func isConsistent(with text: String) -> Bool {
        if let account = AccountID(text) { return account == accountRegion.account }
        guard let arn = ARN(text) else { return true }
        return arn.accountRegion == accountRegion
    }
}
