//! `file_sd_configs`: target groups in files, found by name or by a pattern in the last part of it.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use config::{Findings, Node, SecretRef, SecretRefError};

use super::glob;
use super::{Found, Group, LONGEST_BODY};

const REFRESH_INTERVAL: Duration = Duration::from_secs(5 * 60);
const LABEL: &str = "__meta_filepath";
const ENDINGS: [&str; 6] = [".json", ".yml", ".yaml", ".JSON", ".YML", ".YAML"];

/// An entry of the list, valid.
#[derive(Debug, Clone)]
pub struct FileProvider {
    pub(super) refresh_interval: Duration,
    files: Vec<PathBuf>,
}

impl FileProvider {
    pub(crate) fn read(node: &Node, findings: &mut Findings) -> Option<Self> {
        let before = findings.error_count();
        let mut mapping = node.mapping(findings)?;
        let files = mapping.take("files").and_then(|node| node.sequence(findings));
        let files = files.unwrap_or_default();
        if files.is_empty() {
            let reason = "file service discovery config must contain at least one path name";
            findings.error(node, reason);
        }
        let files = files.iter().filter_map(|file| read_path(file, findings)).collect();
        let interval =
            mapping.take("refresh_interval").and_then(|node| node.positive_duration(findings));
        mapping.finish_as("file.plain", findings);
        let refresh_interval = interval.unwrap_or(REFRESH_INTERVAL);
        (findings.error_count() == before).then_some(Self { refresh_interval, files })
    }

    pub(super) fn identity(&self) -> String {
        format!("{:?}", self.files)
    }

    pub(super) async fn ask(&self) -> Found {
        let mut found = Found::new();
        for path in &self.files {
            match files_of(path).await {
                Ok(files) => {
                    for file in files {
                        let groups = read_groups(&file).await;
                        found.push((file.display().to_string(), groups));
                    }
                }
                Err(error) => found.push((path.display().to_string(), Err(error.to_string()))),
            }
        }
        found
    }
}

fn read_path(node: &Node, findings: &mut Findings) -> Option<PathBuf> {
    let name = node.string(findings)?;
    if !is_valid(&name) {
        findings.error(node, format!("path name {name:?} is not valid for file discovery"));
        return None;
    }
    // Files of targets start where files of secrets start, and are nothing else than files.
    match SecretRef::parse(&name, node.directory()) {
        Ok(SecretRef::File(path)) => Some(path),
        Err(error @ SecretRefError::NoDirectory(_)) => {
            findings.error(node, error.to_string());
            None
        }
        Ok(SecretRef::Parameter(_) | SecretRef::SecretsManager(_)) | Err(_) => {
            findings.error(node, format!("{name:?} is no file; targets are read from files only"));
            None
        }
    }
}

/// A known ending, and stars in the last part only.
fn is_valid(name: &str) -> bool {
    let stem = ENDINGS.iter().find_map(|ending| name.strip_suffix(ending));
    stem.is_some_and(|stem| stem.split_once('*').is_none_or(|(_, rest)| !rest.contains('/')))
}

/// The files that a path stands for, in the order of their names.
async fn files_of(path: &Path) -> io::Result<Vec<PathBuf>> {
    let pattern = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let folder = path.parent().filter(|_| glob::is_pattern(pattern));
    let Some(folder) = folder else {
        return Ok(vec![path.to_owned()]);
    };
    let mut files = Vec::new();
    let mut entries = tokio::fs::read_dir(folder).await?;
    while let Some(entry) = entries.next_entry().await? {
        if entry.file_name().to_str().is_some_and(|name| glob::matches(pattern, name)) {
            files.push(entry.path());
        }
    }
    files.sort();
    Ok(files)
}

async fn read_groups(file: &Path) -> Result<Vec<Group>, String> {
    let length = tokio::fs::metadata(file).await.map_err(|error| error.to_string())?.len();
    if length > LONGEST_BODY as u64 {
        return Err(format!("{length} bytes long; at most {LONGEST_BODY} are read"));
    }
    let body = tokio::fs::read(file).await.map_err(|error| error.to_string())?;
    let is_json = file.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("json"));
    let groups = if is_json { Group::all_from_json(&body) } else { Group::all_from_yaml(body) };
    let name = file.display().to_string();
    Ok(Group::placed(groups?, &name, LABEL, &name))
}
