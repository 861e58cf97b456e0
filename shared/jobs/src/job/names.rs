//! `metric_name_validation_scheme` and `metric_name_escaping_scheme`: which names may be, and what becomes of others on
//! their way here. The second is checked against the first and then of no more use: nothing here asks for pages.

use config::{Findings, Mapping};
use series::relabel::NameScheme;

/// What one place, `global` or a job, says of names.
#[derive(Debug, Clone, Default)]
pub(super) struct Schemes {
    validation: Option<NameScheme>,
    escaping: Option<String>,
}

const ALLOW_UTF8: &str = "allow-utf-8";
const UNDERSCORES: &str = "underscores";
const KNOWN: &str = "'allow-utf-8', 'underscores', 'dots', or 'values'";

impl Schemes {
    pub(super) fn take(mapping: &mut Mapping<'_>, findings: &mut Findings) -> Self {
        let validation = mapping.take("metric_name_validation_scheme").and_then(|node| {
            let text = node.string(findings)?;
            match text.as_str() {
                "" => None,
                "utf8" => Some(NameScheme::Utf8),
                "legacy" => Some(NameScheme::Legacy),
                _ => {
                    findings.error(node, format!("unrecognized ValidationScheme: {text:?}"));
                    None
                }
            }
        });
        let escaping =
            mapping.take("metric_name_escaping_scheme").and_then(|node| node.string(findings));
        Self { validation, escaping: escaping.filter(|escaping| !escaping.is_empty()) }
    }

    /// The scheme of a job that says `self` where `global` says the other.
    pub(super) fn under(&self, global: &Self) -> Result<NameScheme, String> {
        let global_validation = global.validation.unwrap_or_default();
        let validation = self.validation.unwrap_or(global_validation);
        let global_escaping = match &global.escaping {
            Some(escaping) => known(escaping, "global")?,
            None => natural(global_validation),
        };
        let escaping = match (&self.escaping, self.validation) {
            (Some(escaping), _) => known(escaping, "scrape config")?,
            // A job that asks for old names alone does not take over what only new ones can have.
            (None, Some(validation)) => natural(validation),
            (None, None) => global_escaping,
        };
        if escaping == ALLOW_UTF8 && validation == NameScheme::Legacy {
            let reason = "utf8 metric names requested but validation scheme is not set to UTF8";
            return Err(reason.to_owned());
        }
        Ok(validation)
    }
}

fn natural(validation: NameScheme) -> &'static str {
    match validation {
        NameScheme::Utf8 => ALLOW_UTF8,
        NameScheme::Legacy => UNDERSCORES,
    }
}

fn known<'a>(escaping: &'a str, whose: &str) -> Result<&'a str, String> {
    match escaping {
        ALLOW_UTF8 | UNDERSCORES | "dots" | "values" => Ok(escaping),
        _ => Err(format!(
            "unknown {whose} name escaping method specified, must be one of {KNOWN}, got {escaping:?}"
        )),
    }
}
