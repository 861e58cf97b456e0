//! `dns_sd_configs`: targets from the records of names.

mod lookup;
mod resolv_conf;

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use clock::Budget;
use config::{Findings, Node};
use futures::future::join_all;
use hickory_proto::rr::{Name, RData, RecordType};

use super::{Found, Group};

pub(super) use resolv_conf::NameServers;

const REFRESH_INTERVAL: Duration = Duration::from_secs(30);
const NAME_LABEL: &str = "__meta_dns_name";

/// An entry of the list, valid.
#[derive(Debug, Clone)]
pub struct DnsProvider {
    pub(super) refresh_interval: Duration,
    names: Vec<String>,
    record_type: RecordType,
    /// What all records but SRV leave open.
    port: u16,
}

impl DnsProvider {
    pub(crate) fn read(node: &Node, findings: &mut Findings) -> Option<Self> {
        let before = findings.error_count();
        let mut mapping = node.mapping(findings)?;
        let names = mapping.take("names").and_then(|node| node.strings(findings));
        let names = names.unwrap_or_default();
        if names.is_empty() {
            findings.error(node, "DNS-SD config must contain at least one SRV record name");
        }
        let port = mapping.take("port").and_then(|node| node.integer(findings)).unwrap_or_default();
        let record_type = match mapping.take("type") {
            Some(written) => read_type(written, port, findings),
            None => Some(RecordType::SRV),
        };
        let interval =
            mapping.take("refresh_interval").and_then(|node| node.positive_duration(findings));
        mapping.finish_as("dns.plain", findings);
        let refresh_interval = interval.unwrap_or(REFRESH_INTERVAL);
        let provider = Self { refresh_interval, names, record_type: record_type?, port };
        (findings.error_count() == before).then_some(provider)
    }

    pub(super) fn identity(&self) -> String {
        let Self { refresh_interval: _, names, record_type, port } = self;
        format!("{names:?} {record_type} {port}")
    }

    pub(super) async fn ask(&self, servers: Result<NameServers, String>, budget: &Budget) -> Found {
        let all = self.names.iter().map(async |name| {
            let outcome = match &servers {
                Ok(servers) => self.ask_one(servers, name, budget).await,
                Err(error) => Err(error.clone()),
            };
            (name.clone(), outcome)
        });
        join_all(all).await
    }

    async fn ask_one(
        &self,
        servers: &NameServers,
        name: &str,
        budget: &Budget,
    ) -> Result<Vec<Group>, String> {
        let records = lookup::lookup(servers, name, self.record_type, budget).await?;
        Ok(records.iter().filter_map(|data| self.group(name, data)).collect())
    }

    /// A record's target, as a group of its own: each has labels of its own.
    fn group(&self, name: &str, data: &RData) -> Option<Group> {
        let mut labels = BTreeMap::from([(NAME_LABEL.to_owned(), name.to_owned())]);
        let mut label = |what: &str, value: String| {
            labels.insert(format!("__meta_dns_{what}"), value);
        };
        let target = match data {
            RData::SRV(srv) => {
                label("srv_record_target", srv.target.to_ascii());
                label("srv_record_port", srv.port.to_string());
                host_port(&srv.target, srv.port)
            }
            RData::MX(mx) => {
                label("mx_record_target", mx.exchange.to_ascii());
                host_port(&mx.exchange, self.port)
            }
            RData::NS(ns) => {
                label("ns_record_target", ns.0.to_ascii());
                host_port(&ns.0, self.port)
            }
            RData::A(address) => ip_port(address.0.into(), self.port),
            RData::AAAA(address) => ip_port(address.0.into(), self.port),
            // The way to them, such as a CNAME.
            _ => return None,
        };
        Some(Group { source: name.to_owned(), targets: vec![target], labels })
    }
}

fn read_type(node: &Node, port: u16, findings: &mut Findings) -> Option<RecordType> {
    let text = node.string(findings)?;
    let record_type = match text.to_ascii_uppercase().as_str() {
        "SRV" => return Some(RecordType::SRV),
        "A" => RecordType::A,
        "AAAA" => RecordType::AAAA,
        "MX" => RecordType::MX,
        "NS" => RecordType::NS,
        _ => {
            findings.error(node, format!("invalid DNS-SD records type {}", text.escape_debug()));
            return None;
        }
    };
    if port == 0 {
        let reason = "a port is required in DNS-SD configs for all record types except SRV";
        findings.error(node, reason);
        return None;
    }
    Some(record_type)
}

/// Without the final dot, as people write names.
fn host_port(host: &Name, port: u16) -> String {
    format!("{}:{port}", host.to_ascii().trim_end_matches('.'))
}

/// An IPv4 address inside of an IPv6 one is the former.
fn ip_port(address: IpAddr, port: u16) -> String {
    SocketAddr::new(address.to_canonical(), port).to_string()
}
