//! The emulators as a process of their own, so that what is measured is the function alone.
//!
//! A small blocking HTTP client is all that it takes to talk to them.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Stdio};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::run::Workspace;

/// The process, which ends with its standard input: at the latest when this one does.
pub(crate) struct Emulators {
    process: Child,
    control: String,
    environment: Vec<(String, String)>,
    remote_write: String,
    mackerel: String,
    site: Value,
}

impl Emulators {
    /// Builds and starts them. As a release build, so that the function does not wait for them more than for AWS.
    pub(crate) fn start(workspace: &Workspace, args: &[&str]) -> Result<Self> {
        workspace.call("cargo", ["build", "--release", "-p", "emulators", "--bins"]).run()?;
        let program = workspace.target.join("release/emulators");
        let mut process = workspace
            .call(&program.to_string_lossy(), args)
            .command()
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("failed to start {}", program.display()))?;
        let mut line = String::new();
        let stdout = process.stdout.take().context("the emulators have no stdout")?;
        BufReader::new(stdout).read_line(&mut line).context("failed to read from the emulators")?;
        let said: Value = serde_json::from_str(&line).context("failed to read the emulators")?;
        Ok(Self {
            process,
            control: text(&said, "control")?.trim_start_matches("http://").to_owned(),
            environment: variables(&said)?,
            remote_write: text(&said, "remote_write")?,
            mackerel: text(&said, "mackerel")?,
            site: said["site"].clone(),
        })
    }

    /// What a client of the emulated AWS has in its environment.
    pub(crate) fn environment(&self) -> &[(String, String)] {
        &self.environment
    }

    /// A configuration with this section, which delivers to both receivers.
    pub(crate) fn configuration(&self, section: &str) -> String {
        let Self { remote_write, mackerel, .. } = self;
        format!(
            "{section}\n\
             remote_write:\n  \
               - {{name: local, url: \"{remote_write}\"}}\n\
             mackerel:\n  \
               - service: production\n    \
                 api_key_file: ssm:/hostless/secret/mackerel-api-key\n    \
                 base_url: \"{mackerel}\"\n"
        )
    }

    /// Where remote write is taken.
    pub(crate) fn remote_write(&self) -> &str {
        &self.remote_write
    }

    /// The address of a door of the site that can be probed, or with `authority` the PEM of its root.
    pub(crate) fn site(&self, door: &str) -> Result<String> {
        text(&self.site, door)
    }

    /// What they have seen.
    pub(crate) fn get(&self, path: &str) -> Result<Value> {
        self.ask("GET", path, "")
    }

    /// Tells them something.
    pub(crate) fn post(&self, path: &str, body: &Value) -> Result<Value> {
        self.ask("POST", path, &body.to_string())
    }

    fn ask(&self, method: &str, path: &str, body: &str) -> Result<Value> {
        let context = || format!("failed to ask the emulators for {path}");
        let mut stream = TcpStream::connect(&self.control).with_context(context)?;
        let (host, length) = (&self.control, body.len());
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\
             content-length: {length}\r\n\r\n{body}"
        )
        .with_context(context)?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).with_context(context)?;
        match answer.split_once("\r\n\r\n") {
            Some((head, body)) if head.starts_with("HTTP/1.1 200 ") => {
                serde_json::from_str(body).with_context(context)
            }
            _ => bail!("{}: {answer}", context()),
        }
    }
}

impl Drop for Emulators {
    fn drop(&mut self) {
        drop(self.process.stdin.take());
        // Gone already, or going: there is nobody left to tell otherwise.
        self.process.wait().ok();
    }
}

fn text(said: &Value, key: &str) -> Result<String> {
    let text = said[key].as_str().with_context(|| format!("the emulators name no {key}"))?;
    Ok(text.to_owned())
}

/// The variables of an object `environment`.
pub(crate) fn variables(said: &Value) -> Result<Vec<(String, String)>> {
    let all = said["environment"].as_object().context("the emulators name no environment")?;
    all.iter()
        .map(|(name, value)| {
            let value = value.as_str().with_context(|| format!("{name} is no text"))?;
            Ok((name.clone(), value.to_owned()))
        })
        .collect()
}
