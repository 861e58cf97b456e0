//! Rules that name Mackerel metrics, `{match: aws_cloudfront_requests_sum, name: "cloudfront.requests.{alias}"}`: which
//! series by their metric name, and a template for the name. Pure.

use series::go_regex::GoRegex;
use series::{Labels, Origin, Resource, naming};

/// One rule.
#[derive(Debug, Clone)]
pub(crate) struct Rule {
    metric: GoRegex,
    template: Template,
}

/// A name with places for labels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Template(Vec<Piece>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Text(String),
    /// `{metric}`: the metric as in default names.
    Metric,
    /// `{resource}`: the resource as in default names.
    Resource,
    Label(String),
}

/// What is wrong with a template.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TemplateError {
    #[error("is empty")]
    Empty,
    #[error("has a \"{{\" without its \"}}\"")]
    Unclosed,
    #[error("has a placeholder {{{0}}} that is no label name, \"metric\" or \"resource\"")]
    Placeholder(String),
    #[error("holds {0:?}: a name consists of letters, digits, \".\", \"_\" and \"-\"")]
    Character(char),
    #[error("has a dot at its beginning or end, or two in a row")]
    Dots,
}

impl Rule {
    /// A rule for the series whose metric name the (anchored) expression matches.
    pub(crate) fn new(metric: GoRegex, template: Template) -> Self {
        Self { metric, template }
    }

    /// The name for a series. None if the rule is not for it, or if it lacks a label that the template asks for.
    pub(crate) fn name(&self, origin: &Origin, labels: &Labels) -> Option<String> {
        self.metric.is_match(labels.name()).then(|| self.template.fill(origin, labels))?
    }

    /// The name that this rule gives to every series that it matches, if its template has no placeholder.
    pub(crate) fn constant(&self) -> Option<&str> {
        match self.template.0.as_slice() {
            [Piece::Text(text)] => Some(text),
            _ => None,
        }
    }
}

impl Template {
    /// Reads a template.
    pub(crate) fn parse(text: &str) -> Result<Self, TemplateError> {
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('{') {
            push_text(&mut pieces, before)?;
            let (placeholder, after) = after.split_once('}').ok_or(TemplateError::Unclosed)?;
            pieces.push(piece(placeholder)?);
            rest = after;
        }
        push_text(&mut pieces, rest)?;
        if pieces.is_empty() {
            return Err(TemplateError::Empty);
        }
        if text.starts_with('.') || text.ends_with('.') || text.contains("..") {
            return Err(TemplateError::Dots);
        }
        Ok(Self(pieces))
    }

    fn fill(&self, origin: &Origin, labels: &Labels) -> Option<String> {
        self.0
            .iter()
            .map(|piece| match piece {
                Piece::Text(text) => Some(text.clone()),
                Piece::Metric => Some(segment(&origin.metric)),
                Piece::Resource => Some(resource_name(&origin.resource)),
                Piece::Label(name) => labels.get(name).map(segment),
            })
            .collect()
    }
}

fn push_text(pieces: &mut Vec<Piece>, text: &str) -> Result<(), TemplateError> {
    match text.chars().find(|c| !is_allowed(*c) && *c != '.') {
        Some(other) => return Err(TemplateError::Character(other)),
        None if text.is_empty() => {}
        None => pieces.push(Piece::Text(text.to_owned())),
    }
    Ok(())
}

fn piece(placeholder: &str) -> Result<Piece, TemplateError> {
    match placeholder {
        "metric" => Ok(Piece::Metric),
        "resource" => Ok(Piece::Resource),
        label if naming::is_label_name(label) => Ok(Piece::Label(label.to_owned())),
        other => Err(TemplateError::Placeholder(other.to_owned())),
    }
}

/// What a person calls the resource, or its id where it has no name, as one segment.
pub(super) fn resource_name(resource: &Resource) -> String {
    segment(if resource.name.is_empty() { &resource.id } else { &resource.name })
}

/// A text as one segment of a name: everything but letters, digits, `_` and `-` becomes `_`. Dots too: a dot would open
/// another graph.
pub(super) fn segment(text: &str) -> String {
    if text.is_empty() {
        return "_".to_owned();
    }
    text.chars().map(|c| if is_allowed(c) { c } else { '_' }).collect()
}

fn is_allowed(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '-')
}

#[cfg(test)]
mod tests {
    use super::*;
    use series::Kind;

    fn origin() -> Origin {
        let resource = Resource { id: "E1".into(), name: "www.example.com".into() };
        Origin { kind: Kind::CloudFront, metric: "requests".into(), resource: resource.into() }
    }

    fn labels() -> Labels {
        Labels::named("aws_cloudfront_requests_sum")
            .with("alias", "www.example.com")
            .with("region", "日本")
    }

    fn rule(metric: &str, template: &str) -> Rule {
        let metric = GoRegex::anchored(metric).expect("an expression");
        Rule::new(metric, Template::parse(template).expect("a template"))
    }

    #[test]
    fn a_template_is_filled_with_labels_metric_and_resource() {
        let table = [
            ("cf.requests.{alias}", Some("cf.requests.www_example_com")),
            ("{metric}.{resource}", Some("requests.www_example_com")),
            ("{region}-x", Some("__-x")),
            ("constant", Some("constant")),
            ("cf.{tag_Team}", None),
        ];
        for (template, expected) in table {
            let name = rule("aws_cloudfront_requests_sum", template).name(&origin(), &labels());
            assert_eq!(name.as_deref(), expected, "{template}");
        }
    }

    #[test]
    fn the_expression_must_match_the_whole_metric_name() {
        assert_eq!(rule("aws_cloudfront_requests", "x").name(&origin(), &labels()), None);
        assert_eq!(rule("aws_.*", "x").name(&origin(), &labels()).as_deref(), Some("x"));
    }

    #[test]
    fn only_a_template_without_placeholders_is_constant() {
        assert_eq!(rule(".*", "a.b").constant(), Some("a.b"));
        assert_eq!(rule(".*", "a.{metric}").constant(), None);
        assert_eq!(rule(".*", "{metric}").constant(), None);
    }

    #[test]
    fn a_template_that_cannot_make_a_name_is_an_error() {
        let table = [
            ("", "is empty"),
            ("a.{b", "has a \"{\" without its \"}\""),
            ("a.{}", "has a placeholder {} that is no label name, \"metric\" or \"resource\""),
            (
                "a.{b-c}",
                "has a placeholder {b-c} that is no label name, \"metric\" or \"resource\"",
            ),
            ("a b", "holds ' ': a name consists of letters, digits, \".\", \"_\" and \"-\""),
            ("a}", "holds '}': a name consists of letters, digits, \".\", \"_\" and \"-\""),
            (".a", "has a dot at its beginning or end, or two in a row"),
            ("a..{alias}", "has a dot at its beginning or end, or two in a row"),
            ("{alias}.", "has a dot at its beginning or end, or two in a row"),
        ];
        for (template, message) in table {
            let error = Template::parse(template).expect_err(template);
            assert_eq!(error.to_string(), message, "{template}");
        }
    }
}
