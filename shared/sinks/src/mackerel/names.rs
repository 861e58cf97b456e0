//! Names of Mackerel service metrics. Pure.
//!
//! Mackerel draws all metrics whose names are equal up to the last dot into one graph, so the resource stands last
//! and holds no dot: `cloudfront.requests.www_example_com`.

use std::collections::BTreeMap;

use series::{Kind, Labels, Series};

use super::probes;
use super::rules::{self, Rule};

/// The API documents no limit for the length of a name; nothing longer than this has been seen in use.
pub(crate) const LONGEST: usize = 128;

/// A series that goes to Mackerel, with the labels it goes with.
#[derive(Debug, Clone)]
pub(crate) struct Candidate<'a> {
    /// The series as collected.
    pub(crate) series: &'a Series,
    /// Its labels after the sink's relabeling: rules match and fill in these.
    pub(crate) labels: Labels,
    /// The name it has unless it meets another one, or is too long.
    wanted: String,
}

impl<'a> Candidate<'a> {
    /// A series with the name that the first rule which applies gives it, else its default name. None where it has
    /// neither: it does not go to Mackerel.
    pub(crate) fn new(series: &'a Series, labels: Labels, rules: &[Rule]) -> Option<Self> {
        let by_rule = rules.iter().find_map(|rule| rule.name(&series.origin, &labels));
        let wanted = by_rule.or_else(|| default_name(series))?;
        Some(Self { series, labels, wanted })
    }
}

/// Gives each candidate its name. The second value says, in words, which names met or were too long.
///
/// Two series that would meet in one name are never mixed: in the order of their resource's id the first keeps the name
/// and each further one gets `_` and four hex digits of a hash of its id. That order is over all candidates given,
/// those without samples included: a source that hands over what it knows, and not only what had traffic, keeps names
/// stable.
pub(crate) fn assign(candidates: &[Candidate<'_>]) -> (Vec<String>, Vec<String>) {
    let mut wanted: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (at, candidate) in candidates.iter().enumerate() {
        wanted.entry(&candidate.wanted).or_default().push(at);
    }
    let mut notes = Vec::new();
    let mut names = vec![String::new(); candidates.len()];
    // Names as they are wanted stand before those that are made: nobody loses a name to a suffix of somebody else.
    let mut owners: BTreeMap<String, usize> = BTreeMap::new();
    for (name, group) in &mut wanted {
        group.sort_by_key(|&at| identity(&candidates[at]));
        owners.insert(shorten(name, &mut notes), group[0]);
    }
    for (name, group) in wanted {
        let name = shorten(name, &mut Vec::new());
        let first = &candidates[group[0]];
        for at in group {
            let candidate = &candidates[at];
            names[at] = if identity(candidate) == identity(&candidates[owners[&name]]) {
                name.clone()
            } else {
                let own = claim(&name, at, candidates, &mut owners);
                notes.push(met(&name, first, candidate, &own));
                own
            };
        }
    }
    (names, notes)
}

/// What makes two series two: resources in order of their id, then labels.
fn identity<'a>(candidate: &'a Candidate<'_>) -> (&'a str, &'a Labels) {
    (&candidate.series.origin.resource.id, &candidate.labels)
}

/// The first name with a suffix that nobody else has.
fn claim(
    name: &str,
    at: usize,
    candidates: &[Candidate<'_>],
    owners: &mut BTreeMap<String, usize>,
) -> String {
    let (id, labels) = identity(&candidates[at]);
    let mut hashed = id.to_owned();
    loop {
        let own = with_suffix(name, &hashed);
        let owner = *owners.entry(own.clone()).or_insert(at);
        if identity(&candidates[owner]) == (id, labels) {
            return own;
        }
        // Two series of one resource, or two ids with one hash: the labels tell them apart.
        hashed.push('\0');
        hashed.push_str(&labels.to_string());
    }
}

fn met(name: &str, first: &Candidate<'_>, second: &Candidate<'_>, own: &str) -> String {
    let describe = |candidate: &Candidate<'_>| {
        format!("{} of {}", candidate.labels.name(), candidate.series.origin.resource.id)
    };
    let (first, second) = (describe(first), describe(second));
    format!("{first} and {second} would both be named {name}: the second is named {own}")
}

/// `<kind>.<metric>.<resource>`, if there is one.
fn default_name(series: &Series) -> Option<String> {
    let origin = &series.origin;
    let (kind, metric) = match origin.kind {
        Kind::CloudFront => ("cloudfront", rules::segment(&origin.metric)),
        Kind::Ecs => ("ecs", rules::segment(&origin.metric)),
        Kind::Probe => ("probe", probes::default_metric(&origin.metric)?),
        Kind::Info | Kind::SelfMetric => return None,
    };
    Some(format!("{kind}.{metric}.{}", rules::resource_name(&origin.resource)))
}

fn shorten(name: &str, notes: &mut Vec<String>) -> String {
    if name.len() <= LONGEST {
        return name.to_owned();
    }
    let short = with_suffix(name, name);
    notes.push(format!(
        "the name {name} is longer than {LONGEST} characters: it is shortened to {short}"
    ));
    short
}

/// `name_xxxx`, inside the longest length. Names are ASCII by now.
fn with_suffix(name: &str, hashed: &str) -> String {
    let kept = &name[..name.len().min(LONGEST - 5)];
    format!("{kept}_{:04x}", hash(hashed))
}

/// FNV-1a, folded to 16 bits: the same in every run, on every machine, in every version.
fn hash(text: &str) -> u16 {
    let hash = text
        .bytes()
        .fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    (hash >> 16) as u16 ^ hash as u16
}
