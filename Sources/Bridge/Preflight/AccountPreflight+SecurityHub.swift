import AWSClient
import AWSCore
import JSON
import Planning
import SecurityFindings

/// Checks of what else reads or writes the findings of an account and Region.
extension AccountPreflight {
    /// AWS Security Hub receives the findings of AWS Security Hub CSPM: an active finding of the bridge is looked up in both.
    func checkSecurityHubV2() async {
        let (name, region) = ("AWS Security Hub", accountRegion.region)
        do throws(AWSError) {
            try await client.describeSecurityHubV2(region: region)
        } catch {
            switch error.kind {
            case .notFound, .notEnabled: check(name, .passed, "not enabled: findings are in AWS Security Hub CSPM only")
            case .accessDenied:
                check(
                    name, .skipped, error.description,
                    remediation: "to check this, allow securityhub:DescribeSecurityHubV2")
            default: check(name, .skipped, error.description)
            }
            return
        }
        do throws(AWSError) {
            guard let id = try await activeFinding() else {
                check(name, .passed, "enabled; there is no active finding of the bridge to look up")
                return
            }
            if try await client.securityHubV2Contains(id, region: region) {
                check(name, .passed, "enabled, and has the bridge's findings")
            } else {
                check(
                    name, .warning, "enabled, but lacks a finding that AWS Security Hub CSPM has: \(id)",
                    remediation:
                        "run the check again in an hour. If the finding is still missing, use AWS Security Hub CSPM")
            }
        } catch {
            check(
                name, .skipped, error.description,
                remediation: error.kind == .accessDenied ? "to check this, allow securityhub:GetFindings" : "")
        }
    }

    /// The ID of an active finding of the bridge; nil if there is none.
    private func activeFinding() async throws(AWSError) -> String? {
        let prefixes = [RestoredFinding.idPrefix(accountRegion), RestoredFinding.mappedIDPrefix(accountRegion)]
        let filters: JSON = [
            "Id": .array(prefixes.map { ["Value": .string($0), "Comparison": "PREFIX"] }),
            "ProductArn": [
                ["Value": .string(SecurityFinding.productARN(accountRegion: accountRegion)), "Comparison": "EQUALS"]
            ],
            "RecordState": [["Value": "ACTIVE", "Comparison": "EQUALS"]],
        ]
        return try await client.getFindings(filters: filters, region: accountRegion.region).elements.first?["Id"]?
            .string
    }

    /// AWS's own integration imports the same findings under another product ("Integration with AWS Security Hub", AWS IoT
    /// Device Defender Developer Guide).
    func checkNativeIntegration() async {
        let name = "AWS's own integration"
        do throws(AWSError) {
            var enabled: [String] = []
            for try await page in client.enabledProducts(region: accountRegion.region) {
                enabled += page.elements.compactMap(\.string).filter { $0.contains("/aws/iot-device-defender-") }
            }
            guard !enabled.isEmpty else {
                check(name, .passed, "disabled")
                return
            }
            let commands = enabled.map {
                "aws securityhub disable-import-findings-for-product --region \(accountRegion.region) "
                    + "--product-subscription-arn \($0)"
            }
            check(
                name, .warning, "enabled, so findings are imported twice: \(enabled.joined(separator: ", "))",
                remediation: commands.joined(separator: " && "))
        } catch {
            check(
                name, .skipped, error.description,
                remediation: "to check this, allow securityhub:ListEnabledProductsForImport")
        }
    }
}
