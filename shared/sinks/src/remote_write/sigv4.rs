//! `sigv4` of a `remote_write` entry (`prometheus/sigv4`, `sigv4_config.go`).

use config::{Findings, Node, SigV4};
use url::Url;

/// Reads the block. Without a region, the one that the workspace's URL names is the right one, wherever the function
/// itself runs.
pub(super) fn read(node: &Node, url: Option<&Url>, findings: &mut Findings) -> Option<SigV4> {
    let mut block = node.mapping(findings)?;
    let mut text = |key: &str| {
        let text = block.take(key).and_then(|node| node.string(findings));
        text.filter(|text| !text.is_empty())
    };
    let region = text("region").or_else(|| url.and_then(region_of));
    let (access_key, profile) = (text("access_key"), text("profile"));
    let (role_arn, external_id) = (text("role_arn"), text("external_id"));
    let service_name = text("service_name");
    let secret_key = block.take("secret_key").and_then(|node| node.secret_string(findings));
    let fips = block.take("use_fips_sts_endpoint").and_then(|node| node.boolean(findings));
    block.finish_as("sigv4.plain", findings);
    if access_key.is_some() != secret_key.is_some() {
        findings.error(
            node,
            "must provide a AWS SigV4 Access key and Secret Key if credentials are specified in the SigV4 config",
        );
    }
    if external_id.is_some() && role_arn.is_none() {
        findings.warning(node, "external_id has no effect without role_arn");
    }
    Some(SigV4 {
        region,
        access_key,
        secret_key,
        profile,
        role_arn,
        external_id,
        use_fips_sts_endpoint: fips.unwrap_or(false),
        service_name,
    })
}

/// The region of a workspace's URL: `aps-workspaces.REGION.amazonaws.com`, `aps-workspaces-fips.REGION.api.aws`, and so on.
pub(super) fn region_of(url: &Url) -> Option<String> {
    let host = url.host_str()?;
    let rest = host
        .strip_prefix("aps-workspaces.")
        .or_else(|| host.strip_prefix("aps-workspaces-fips."))?;
    let (region, domain) = rest.split_once('.')?;
    let domains = ["amazonaws.com", "amazonaws.com.cn", "api.aws"];
    domains.contains(&domain).then(|| region.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_region_stands_in_the_url_of_a_workspace() {
        let path = "/workspaces/ws-1/api/v1/remote_write";
        let table = [
            ("aps-workspaces.ap-northeast-1.amazonaws.com", Some("ap-northeast-1")),
            ("aps-workspaces-fips.us-east-1.amazonaws.com", Some("us-east-1")),
            ("aps-workspaces.eu-west-1.api.aws", Some("eu-west-1")),
            ("aps-workspaces.cn-north-1.amazonaws.com.cn", Some("cn-north-1")),
            ("prometheus.example.com", None),
            ("aps-workspaces.example.com", None),
        ];
        for (host, region) in table {
            let url = Url::parse(&format!("https://{host}{path}")).expect("a URL");
            assert_eq!(region_of(&url).as_deref(), region, "{host}");
        }
    }
}
