//! From documents to what a run needs: the function's section, the sinks, the labels. Every finding at once.

use config::{Document, Finding, Findings, Global, SecretRef, Sections};
use sinks::SinkConfig;

use crate::documents::Location;
use crate::error::RunError;
use crate::function::Function;

/// All that the documents say to one function.
pub(crate) struct Settings<F: Function> {
    pub(crate) section: F::Settings,
    pub(crate) sinks: Vec<SinkConfig>,
    pub(crate) global: Global,
}

impl<F: Function> Settings<F> {
    /// Reads what concerns one function; the other sections it knows by name only.
    pub(crate) fn read(documents: &[Document], location: &Location) -> Result<Self, RunError> {
        let mut findings = Findings::new();
        let sections = Sections::read(documents, &mut findings);
        let (global, sinks) = read_shared(&sections, location, &mut findings);
        let section = F::read(&sections, &mut findings);
        if let Some(section) = &section {
            refuse_among_documents(&F::secrets(section), location, &mut findings);
        }
        require_both_ends(&sections, &[F::SECTION], &sinks, location, &mut findings);
        match section {
            Some(section) if !findings.has_errors() => Ok(Self { section, sinks, global }),
            _ => Err(config_error(&findings)),
        }
    }
}

/// Reads what all functions share: `global` and the sinks.
pub fn read_shared(
    sections: &Sections,
    location: &Location,
    findings: &mut Findings,
) -> (Global, Vec<SinkConfig>) {
    let global = Global::read(sections.get("global"), findings);
    let sinks = sinks::read(sections, findings);
    for sink in &sinks {
        let secrets = sink.secrets().into_iter();
        let secrets: Vec<_> =
            secrets.map(|reference| (sink.finding(""), reference.clone())).collect();
        refuse_among_documents(&secrets, location, findings);
    }
    (global, sinks)
}

/// A secret below the configuration would be read as a document. `secrets` come with where they are named.
pub fn refuse_among_documents(
    secrets: &[(Finding, SecretRef)],
    location: &Location,
    findings: &mut Findings,
) {
    for (place, reference) in secrets {
        if let SecretRef::Parameter(name) = reference
            && location.holds_parameter(name)
        {
            let reason = format!(
                "{reference} lies below the configuration, where it would be read as a document; \
                 keep secrets under another path"
            );
            findings.push(Finding { reason, ..place.clone() });
        }
    }
}

/// Data must come from somewhere and go somewhere. Said only where nothing else is wrong, since a section with a mistake in
/// it is missing too.
pub fn require_both_ends(
    sections: &Sections,
    sources: &[&str],
    sinks: &[SinkConfig],
    location: &Location,
    findings: &mut Findings,
) {
    if findings.has_errors() {
        return;
    }
    let mut missing = |reason: String| {
        findings.push(Finding::error(location.to_string(), "", reason));
    };
    if !sources.iter().any(|source| sections.get(source).is_some()) {
        let begin = sources.first().copied().unwrap_or_default();
        let known = match sources {
            [all @ .., last] if !all.is_empty() => format!("{} or {last}", all.join(", ")),
            _ => begin.to_owned(),
        };
        missing(format!(
            "no source: {known} is needed (\"{begin}: {{}}\" is enough to begin with)"
        ));
    }
    if sinks.is_empty() {
        missing("no sink: remote_write or mackerel is needed".to_owned());
    }
}

/// All errors in one text, a line each.
fn config_error(findings: &Findings) -> RunError {
    let lines: Vec<_> = findings.errors().map(ToString::to_string).collect();
    RunError::Config(lines.join("\n"))
}
