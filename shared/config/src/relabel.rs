//! Lists of relabel rules. What a rule does, and what makes one invalid, is crate `series`'s knowledge.

use series::relabel::{NameScheme, RawRule, Rule};

use crate::finding::Findings;
use crate::node::Node;

/// Reads a list of rules. Each wrong rule is a finding at its place.
pub fn read_rules(node: &Node, findings: &mut Findings) -> Vec<Rule> {
    read_rules_of(node, "empty or null relabeling rule", findings)
}

/// The same with the text that Prometheus has for an empty list item in this place, such as
/// `empty or null relabeling rule in remote write config`.
pub fn read_rules_of(node: &Node, empty: &str, findings: &mut Findings) -> Vec<Rule> {
    read_rules_under(NameScheme::Utf8, node, empty, findings)
}

/// The same under the name scheme of a scrape job (`metric_name_validation_scheme`).
pub fn read_rules_under(
    names: NameScheme,
    node: &Node,
    empty: &str,
    findings: &mut Findings,
) -> Vec<Rule> {
    let items = node.sequence(findings).unwrap_or_default();
    items.iter().filter_map(|item| read_rule(names, item, empty, findings)).collect()
}

fn read_rule(names: NameScheme, node: &Node, empty: &str, findings: &mut Findings) -> Option<Rule> {
    if node.is_null() {
        findings.error(node, empty);
        return None;
    }
    let errors_before = findings.error_count();
    let mut mapping = node.mapping(findings)?;
    let source_labels = mapping.take("source_labels").and_then(|node| node.strings(findings));
    let modulus = mapping.take("modulus").and_then(|node| node.integer(findings));
    let mut text = |key: &str| mapping.take(key).and_then(|node| node.string(findings));
    let raw = RawRule {
        source_labels: source_labels.unwrap_or_default(),
        separator: text("separator"),
        regex: text("regex"),
        modulus,
        target_label: text("target_label"),
        replacement: text("replacement"),
        action: text("action"),
    };
    mapping.finish_as("relabel.plain", findings);
    if findings.error_count() > errors_before {
        return None;
    }
    Rule::with_scheme(raw, names).map_err(|error| findings.error(node, error.to_string())).ok()
}
