//! The `ecs` section: what was written, and what is valid.

use std::time::Duration;

use aws::Role;
use config::{Findings, Mapping, Node, Sections};
use runtime::Timing;
use series::go_regex::GoRegex;

/// What matches every name.
const ALL: &str = ".*";

/// The `ecs` section, valid.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The regions that were named; absent: the function's own.
    pub(crate) regions: Option<Vec<String>>,
    /// The roles to read with; empty: the function's own.
    pub(crate) roles: Vec<Role>,
    /// Which clusters, by name.
    pub(crate) clusters: GoRegex,
    /// Which services, by name. Standalone tasks belong to none and are always read.
    pub(crate) services: GoRegex,
    /// Which series are kept, by name: those that one of these matches.
    pub(crate) metrics: Vec<GoRegex>,
    /// Whether to read ECS/ContainerInsights as well.
    pub(crate) container_insights: bool,
    /// Whether to give series of single tasks.
    pub(crate) per_task: bool,
    /// Whether names of single tasks' series end in their unit.
    pub(crate) suffixes: bool,
    /// The distance of datapoints.
    pub(crate) period: Duration,
    /// How long a datapoint takes to settle.
    pub(crate) delay: Duration,
}

impl Settings {
    /// Reads the section; nothing if it is absent or wrong.
    pub(crate) fn read(sections: &Sections, findings: &mut Findings) -> Option<Self> {
        let node = sections.get("ecs")?;
        let before = findings.error_count();
        let mut section = node.mapping(findings)?;
        let regions = section.take("regions").map(|node| read_regions(node, findings));
        let roles = section.take("roles").map(|node| Role::read_list(node, findings));
        let clusters = read_names(&mut section, "clusters", findings);
        let services = read_names(&mut section, "services", findings);
        let metrics = section.take("metrics").map(|node| read_metrics(node, findings));
        let container_insights = read_switch(&mut section, "container_insights", findings);
        let per_task = read_switch(&mut section, "per_task", findings);
        let suffixes = read_switch(&mut section, "metric_suffixes", findings);
        let Timing { period, delay } = Timing::take(&mut section, findings);
        section.finish(findings);

        check_switches(container_insights, per_task, suffixes, findings);
        let settings = Self {
            regions,
            roles: roles.unwrap_or_default(),
            clusters: clusters?,
            services: services?,
            metrics: metrics.unwrap_or_else(|| vec![all()]),
            container_insights: container_insights.is_some(),
            per_task: per_task.is_some(),
            suffixes: suffixes.is_some(),
            period,
            delay,
        };
        (findings.error_count() == before).then_some(settings)
    }
}

#[cfg(test)]
impl Settings {
    /// The settings of a section that is right.
    pub(crate) fn of(section: &str) -> Self {
        let body = format!("ecs: {section}").into();
        let document = config::Document { name: "f".into(), directory: None, body };
        let mut findings = Findings::new();
        let sections = Sections::read(&[document], &mut findings);
        Self::read(&sections, &mut findings).expect("a right section")
    }
}

fn all() -> GoRegex {
    GoRegex::anchored(ALL).expect("it is valid")
}

/// The place of a switch that is on.
fn read_switch<'a>(
    section: &mut Mapping<'a>,
    key: &str,
    findings: &mut Findings,
) -> Option<&'a Node> {
    section.take(key).filter(|node| node.boolean(findings) == Some(true))
}

/// Says what does not go together, and what things cost: GetMetricData is $0.01 for 1,000 metrics
/// ([prices](https://aws.amazon.com/cloudwatch/pricing/)), and one that is read every minute is $0.44 a month.
fn check_switches(
    container_insights: Option<&Node>,
    per_task: Option<&Node>,
    suffixes: Option<&Node>,
    findings: &mut Findings,
) {
    if let Some(node) = container_insights {
        let cost = "about 27 metrics of each service are read in each run, and billed: a service costs about $12 a month \
                    every minute, $2.40 every 5 minutes; ecs.metrics can keep fewer";
        findings.warning(node, cost);
    }
    match (per_task, container_insights) {
        (Some(node), None) => findings.error(
            node,
            "needs container_insights: true, and Container Insights with enhanced observability on the cluster, which is \
             where metrics of single tasks come from",
        ),
        (Some(node), Some(_)) => {
            let cost = "about 10 metrics of each task are read in each run, and billed: a task costs about $4.40 a month \
                        every minute (a sidecar: $9), $0.90 every 5 minutes; run it every 5 minutes (HOSTLESS_INTERVAL: \
                        300), and keep few metrics with ecs.metrics";
            findings.warning(node, cost);
        }
        (None, _) => {}
    }
    if let (Some(node), None) = (suffixes, per_task) {
        findings
            .warning(node, "changes the names of per_task's series only, and per_task is not on");
    }
}

fn read_regions(node: &Node, findings: &mut Findings) -> Vec<String> {
    let Some(entries) = node.sequence(findings) else { return Vec::new() };
    if entries.is_empty() {
        findings.error(node, "no region is named; leave the key away to read the function's own");
    }
    let mut regions: Vec<String> = Vec::new();
    for entry in entries {
        let Some(region) = entry.string(findings) else {
            continue;
        };
        if !is_region(&region) {
            findings.error(entry, format!("\"{region}\" is not a region such as ap-northeast-1"));
        } else if regions.contains(&region) {
            findings.error(entry, format!("{region} stands twice"));
        }
        regions.push(region);
    }
    regions
}

/// `eu-west-1`, `us-gov-east-1`: words of small letters, then a number.
fn is_region(text: &str) -> bool {
    let mut words: Vec<&str> = text.split('-').collect();
    let number = words.pop().unwrap_or_default();
    let is_word = |word: &&str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase());
    let is_number = (1..=2).contains(&number.len()) && number.bytes().all(|b| b.is_ascii_digit());
    words.len() >= 2 && words.iter().all(is_word) && is_number
}

/// A pattern for whole names; absent: all.
fn read_names(section: &mut Mapping<'_>, key: &str, findings: &mut Findings) -> Option<GoRegex> {
    section.take(key).map_or_else(|| Some(all()), |node| read_pattern(node, findings))
}

fn read_pattern(node: &Node, findings: &mut Findings) -> Option<GoRegex> {
    let pattern = node.string(findings)?;
    if pattern.is_empty() {
        findings
            .error(node, "an empty pattern matches no name; leave the key away for all of them");
        return None;
    }
    GoRegex::anchored(&pattern).map_err(|error| findings.error(node, error.to_string())).ok()
}

fn read_metrics(node: &Node, findings: &mut Findings) -> Vec<GoRegex> {
    let Some(entries) = node.sequence(findings) else { return Vec::new() };
    if entries.is_empty() {
        findings.error(node, "no metric is named; leave the key away to keep all of them");
    }
    entries.iter().filter_map(|entry| read_pattern(entry, findings)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use config::Document;

    use crate::metrics::{self, Level, Needs};
    use crate::task_names;

    fn read(section: &str) -> (Option<Settings>, Vec<String>) {
        let body = format!("ecs: {section}").into();
        let document = Document { name: "f".into(), directory: None, body };
        let mut findings = Findings::new();
        let sections = Sections::read(&[document], &mut findings);
        let settings = Settings::read(&sections, &mut findings);
        let place = |text: String| text.trim_start_matches("f: ecs").to_owned();
        (settings, findings.iter().map(|finding| place(finding.to_string())).collect())
    }

    #[test]
    fn nothing_but_the_section_is_needed() {
        let (settings, findings) = read("{}");
        let settings = settings.expect("a working configuration");
        assert_eq!(findings, Vec::<String>::new());
        assert_eq!((settings.regions, settings.roles), (None, vec![]));
        assert!(settings.clusters.is_match("any"));
        assert!(settings.services.is_match("any"));
        assert!(settings.metrics[0].is_match("ecs_up"));
        assert_eq!(
            (settings.container_insights, settings.per_task, settings.suffixes),
            (false, false, false)
        );
        let minute = Duration::from_secs(60);
        assert_eq!((settings.period, settings.delay), (minute, 2 * minute));
    }

    #[test]
    fn every_key_is_read() {
        let (settings, findings) = read(
            "{regions: [eu-west-1, us-gov-east-1], roles: [{role_arn: 'arn:aws:iam::123456789012:role/r'}], \
             clusters: 'prod-.*', services: 'web|api', metrics: ['ecs_service_.*', ecs_up], \
             container_insights: true, per_task: true, metric_suffixes: true, period: 5m, delay: 3m}",
        );
        assert_eq!(findings.len(), 2, "what it costs: {findings:?}");
        let settings = settings.expect("a working configuration");
        assert_eq!(settings.regions.as_deref().unwrap_or_default(), ["eu-west-1", "us-gov-east-1"]);
        assert_eq!(settings.roles[0].account(), Some("123456789012"));
        let matches =
            |pattern: &GoRegex| ["prod-a", "a-prod-a", "web", "web2"].map(|n| pattern.is_match(n));
        assert_eq!(matches(&settings.clusters), [true, false, false, false]);
        assert_eq!(matches(&settings.services), [false, false, true, false]);
        assert_eq!(settings.metrics.len(), 2);
        assert!(settings.container_insights && settings.per_task && settings.suffixes);
        assert_eq!((settings.period.as_secs(), settings.delay.as_secs()), (300, 180));
    }

    #[test]
    fn each_mistake_is_said_at_its_place() {
        let table = [
            ("[]", ": expected a mapping, found a list"),
            ("{region: eu-west-1}", ".region: unknown key; did you mean \"regions\"?"),
            ("{regions: eu-west-1}", ".regions: expected a list, found text"),
            (
                "{regions: [Ireland]}",
                ".regions[0]: \"Ireland\" is not a region such as ap-northeast-1",
            ),
            ("{regions: [eu-west-1, eu-west-1]}", ".regions[1]: eu-west-1 stands twice"),
            (
                "{regions: []}",
                ".regions: no region is named; leave the key away to read the function's own",
            ),
            (
                "{roles: [{role_arn: x}]}",
                ".roles[0].role_arn: \"x\" is not a role's ARN such as arn:aws:iam::123456789012:role/name",
            ),
            ("{clusters: 'a('}", ".clusters: error parsing regexp: missing closing ): `^(?s:a()$`"),
            (
                "{services: ''}",
                ".services: an empty pattern matches no name; leave the key away for all of them",
            ),
            ("{services: [web]}", ".services: expected text, found a list"),
            (
                "{metrics: []}",
                ".metrics: no metric is named; leave the key away to keep all of them",
            ),
            ("{metrics: ['[']}", ".metrics[0]: error parsing regexp: missing closing ]: `[)$`"),
            (
                "{container_insights: some}",
                ".container_insights: expected true or false, found text \"some\"",
            ),
            (
                "{per_task: true}",
                ".per_task: needs container_insights: true, and Container Insights with enhanced observability on the \
                 cluster, which is where metrics of single tasks come from",
            ),
            ("{period: 30s}", ".period: must be whole minutes, from 1m to 1d"),
        ];
        for (section, expected) in table {
            let (settings, findings) = read(section);
            assert!(settings.is_none(), "{section}");
            assert!(findings.contains(&expected.to_owned()), "{section}: {findings:?}");
        }
    }

    #[test]
    fn what_costs_money_says_so_and_works() {
        let (settings, findings) = read("{container_insights: true}");
        assert!(settings.is_some());
        assert!(findings[0].starts_with(".container_insights: about 27 metrics of each service"));
        let (settings, findings) = read("{container_insights: true, per_task: true}");
        assert!(settings.is_some());
        assert!(findings[1].contains("run it every 5 minutes"));
        let (settings, findings) = read("{metric_suffixes: true}");
        assert!(settings.is_some());
        assert_eq!(
            findings,
            [
                ".metric_suffixes: changes the names of per_task's series only, and per_task is not on"
            ]
        );
    }

    #[test]
    fn what_it_costs_follows_from_the_tables() {
        let of = |level: Level| -> usize {
            let always = metrics::all().filter(|metric| metric.needs != Needs::Listing);
            let of_level = always.filter(|metric| metric.levels.contains(&level));
            of_level.map(|metric| metric.statistics.len()).sum()
        };
        let (service, task) = (of(Level::Service), task_names::METRICS.len() + of(Level::Task));
        assert!((24..=30).contains(&service), "about 27: {service}");
        assert!((9..=11).contains(&task), "about 10: {task}");
    }

    #[test]
    fn region_names_have_a_form() {
        for region in ["ap-northeast-1", "us-gov-west-1", "cn-north-1", "us-iso-east-1"] {
            assert!(is_region(region), "{region}");
        }
        for text in
            ["", "eu", "eu-west", "eu-west-1a", "EU-west-1", "eu--1", "1-1-1", "eu-west-100"]
        {
            assert!(!is_region(text), "{text}");
        }
    }
}
