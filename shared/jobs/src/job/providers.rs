//! The lists of a job that say where its targets come from.

use config::{Findings, Mapping, Node};

use crate::discovery::{Asked, DnsProvider, FileProvider, Group, HttpProvider, Provider};
use crate::shown::shown;

/// Prometheus has these too; each needs an API of its own.
const REFUSED: [&str; 28] = [
    "aws_sd_configs",
    "azure_sd_configs",
    "consul_sd_configs",
    "digitalocean_sd_configs",
    "docker_sd_configs",
    "dockerswarm_sd_configs",
    "ec2_sd_configs",
    "eureka_sd_configs",
    "gce_sd_configs",
    "hetzner_sd_configs",
    "ionos_sd_configs",
    "kubernetes_sd_configs",
    "kuma_sd_configs",
    "lightsail_sd_configs",
    "linode_sd_configs",
    "marathon_sd_configs",
    "nerve_sd_configs",
    "nomad_sd_configs",
    "openstack_sd_configs",
    "outscale_sd_configs",
    "ovhcloud_sd_configs",
    "puppetdb_sd_configs",
    "scaleway_sd_configs",
    "serverset_sd_configs",
    "stackit_sd_configs",
    "triton_sd_configs",
    "uyuni_sd_configs",
    "vultr_sd_configs",
];

const NOT_SUPPORTED: &str = "not supported: targets come from static_configs, file_sd_configs, \
                             http_sd_configs and dns_sd_configs";

/// Takes all of them. Where no rule could move a URL out of the address, a URL among the static targets is wrong.
pub(super) fn take(
    mapping: &mut Mapping<'_>,
    is_probe: bool,
    is_relabeled: bool,
    findings: &mut Findings,
) -> Vec<Provider> {
    let mut providers = Vec::new();
    let groups = read(mapping, "static_configs", findings, read_group);
    if !groups.is_empty() {
        if !is_relabeled {
            check_static(mapping.node(), &groups, findings);
        }
        let numbered = groups.into_iter().enumerate();
        let groups = numbered.map(|(at, group)| Group { source: at.to_string(), ..group });
        providers.push(Provider::Static(groups.collect()));
    }
    let files = read(mapping, "file_sd_configs", findings, FileProvider::read);
    let urls = read(mapping, "http_sd_configs", findings, HttpProvider::read);
    let names = read(mapping, "dns_sd_configs", findings, DnsProvider::read);
    let files = files.into_iter().map(Asked::File);
    let urls = urls.into_iter().map(|provider| Asked::Http(Box::new(provider)));
    let names = names.into_iter().map(Asked::Dns);
    providers.extend(files.chain(urls).chain(names).map(Provider::Asked));
    for key in REFUSED {
        if let Some(node) = mapping.take(key) {
            refuse(node, key, is_probe, findings);
        }
    }
    providers
}

fn read<T>(
    mapping: &mut Mapping<'_>,
    key: &str,
    findings: &mut Findings,
    read_item: fn(&Node, &mut Findings) -> Option<T>,
) -> Vec<T> {
    let items = mapping.take(key).and_then(|node| node.sequence(findings)).unwrap_or_default();
    let read_item = |item: &Node| {
        if item.is_null() {
            findings.error(item, format!("empty or null section in {key}"));
            return None;
        }
        read_item(item, findings)
    };
    items.iter().filter_map(read_item).collect()
}

fn read_group(node: &Node, findings: &mut Findings) -> Option<Group> {
    let before = findings.error_count();
    let group = Group::read(node, findings)?;
    if group == Group::default() && findings.error_count() == before {
        findings.error(node, "empty or null section in static_configs");
    }
    Some(group)
}

fn check_static(job: &Node, groups: &[Group], findings: &mut Findings) {
    let targets = groups.iter().flat_map(|group| &group.targets);
    for target in targets.filter(|target| target.contains('/')) {
        findings.error(job, format!("{:?} is not a valid hostname", shown(target)));
    }
}

/// A file of a server also holds jobs that no probe belongs to: they cost the probes nothing.
fn refuse(node: &Node, key: &str, is_probe: bool, findings: &mut Findings) {
    let reason = format!("{key} is {NOT_SUPPORTED}");
    if is_probe {
        findings.error(node, reason);
    } else {
        findings.warning(node, format!("{reason}; this job is without those that it would find"));
    }
}
