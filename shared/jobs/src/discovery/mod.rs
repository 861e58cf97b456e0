//! Where targets come from: each provider is a file that reads its configuration and knows how it is asked. Here is what
//! they have in common: how long an answer is good for, and what is used while there is none.

mod dns;
mod file;
mod glob;
mod group;
mod http;
mod memory;

use std::fmt;
use std::net::SocketAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use clock::Budget;
use config::SecretRef;
use futures::future::join_all;
use series::{SourceError, Timestamp};

pub use dns::DnsProvider;
pub use file::FileProvider;
pub use group::Group;
pub use http::HttpProvider;

use crate::Job;
use dns::NameServers;
use memory::{Key, Memories, Memory};

/// A provider that does not answer must not cost the probes their time.
const LONGEST_WAIT: Duration = Duration::from_secs(10);

/// Which part of its interval an answer may lack when it counts as old.
const SLACK: u32 = 10;

/// The most that is read of a file or an answer. A hundred thousand targets fit, with a label or two.
const LONGEST_BODY: usize = 16 << 20;

/// All of a job's `static_configs`, or an entry of another list, valid.
#[derive(Debug, Clone)]
pub enum Provider {
    /// `static_configs`
    Static(Vec<Group>),
    /// Targets that stand elsewhere.
    Asked(Asked),
}

/// A provider that is asked now and then.
#[derive(Debug, Clone)]
pub enum Asked {
    /// `file_sd_configs`
    File(FileProvider),
    /// `http_sd_configs`
    Http(Box<HttpProvider>),
    /// `dns_sd_configs`
    Dns(DnsProvider),
}

impl Provider {
    pub(crate) fn secrets(&self) -> Vec<&SecretRef> {
        match self {
            Self::Asked(Asked::Http(provider)) => provider.secrets(),
            Self::Static(_) | Self::Asked(Asked::File(_) | Asked::Dns(_)) => Vec::new(),
        }
    }
}

impl Asked {
    /// The list in which it stands.
    fn list(&self) -> &'static str {
        match self {
            Self::File(_) => "file_sd_configs",
            Self::Http(_) => "http_sd_configs",
            Self::Dns(_) => "dns_sd_configs",
        }
    }

    /// How long its answers are good for.
    fn refresh_interval(&self) -> Duration {
        match self {
            Self::File(provider) => provider.refresh_interval,
            Self::Http(provider) => provider.refresh_interval,
            Self::Dns(provider) => provider.refresh_interval,
        }
    }

    /// What it asks, whole: never shown.
    fn identity(&self) -> String {
        match self {
            Self::File(provider) => provider.identity(),
            Self::Http(provider) => provider.identity(),
            Self::Dns(provider) => provider.identity(),
        }
    }
}

/// What asking a provider gave: for each place where it looked (a file, a URL, a name), the groups there or why they could
/// not be had. What was known of a place that is not named here is over.
type Found = Vec<(String, Result<Vec<Group>, String>)>;

/// What is known of one provider's targets, and what went wrong in asking just now.
#[derive(Debug, Default)]
struct Known {
    /// False where no place has ever answered.
    anything: bool,
    groups: Vec<Group>,
    errors: Vec<String>,
}

/// Finds targets, and remembers what was found: each provider is asked again after its own refresh interval, and what it said
/// last stays in use where it fails.
pub struct Discovery {
    factory: ::http::Factory,
    secrets: aws::Secrets,
    /// Other than the machine's.
    name_servers: Option<NameServers>,
    memories: Mutex<Memories>,
}

/// What is remembered may hold labels of any kind, and stays out.
impl fmt::Debug for Discovery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Discovery").finish_non_exhaustive()
    }
}

impl Discovery {
    /// For HTTP and its secrets.
    pub fn new(factory: ::http::Factory, secrets: aws::Secrets) -> Self {
        Self { factory, secrets, name_servers: None, memories: Mutex::default() }
    }

    /// The same, with these name servers in place of those in `/etc/resolv.conf`, and without its search domains.
    #[must_use]
    pub fn with_name_servers(self, servers: Vec<SocketAddr>) -> Self {
        Self { name_servers: Some(NameServers::plain(servers)), ..self }
    }

    /// A job's groups as they are now, and what went wrong. An `Err` where nothing at all is known of the job's targets.
    pub async fn groups(
        &self,
        job: &Job,
        now: Timestamp,
        budget: &Budget,
    ) -> Result<(Vec<Group>, Vec<SourceError>), SourceError> {
        let keys: Vec<_> =
            (0..).zip(&job.providers).map(|(at, it)| Key::new(job, at, it)).collect();
        self.with_memories(|memories| memories.forget_others(&job.name, &keys));
        let providers = job.providers.iter().zip(&keys);
        let all = providers.map(|(provider, key)| self.known(provider, key, now, budget));
        let mut whole = Known::default();
        for Known { anything, groups, errors } in join_all(all).await {
            whole.anything |= anything;
            whole.groups.extend(groups);
            whole.errors.extend(errors);
        }
        let source = format!("job:{}", job.name);
        if !whole.anything && !whole.errors.is_empty() {
            return Err(SourceError::new(source, whole.errors.join("; ")));
        }
        let errors = whole.errors.into_iter().map(|error| SourceError::new(&source, error));
        Ok((whole.groups, errors.collect()))
    }

    async fn known(
        &self,
        provider: &Provider,
        key: &Key,
        now: Timestamp,
        budget: &Budget,
    ) -> Known {
        let provider = match provider {
            Provider::Static(groups) => {
                return Known { anything: true, groups: groups.clone(), errors: Vec::new() };
            }
            Provider::Asked(provider) => provider,
        };
        if let Some(known) = self.with_memory(key, |memory| memory.fresh(now)) {
            return known;
        }
        let budget = budget.at_most(LONGEST_WAIT);
        let found = match provider {
            Asked::File(provider) => provider.ask().await,
            Asked::Http(provider) => vec![self.ask_http(provider, key, now, &budget).await],
            Asked::Dns(provider) => self.ask_dns(provider, &budget).await,
        };
        let list = provider.list();
        // Runs come a little early or late: without slack, one that is early would do with what is two runs old.
        let interval = provider.refresh_interval();
        let until = now + (interval - interval / SLACK);
        let mut known = self.with_memory(key, |memory| memory.learn(found, until));
        for error in &mut known.errors {
            *error = format!("find targets with {list}: {error}");
        }
        known
    }

    async fn ask_http(
        &self,
        provider: &HttpProvider,
        key: &Key,
        now: Timestamp,
        budget: &Budget,
    ) -> (String, Result<Vec<Group>, String>) {
        let kept = self.with_memory(key, |memory| memory.clients.clone());
        let clients = match kept {
            Some(clients) => Ok(clients),
            None => provider.clients(&self.factory, &self.secrets),
        };
        let outcome = match clients {
            Ok(clients) => {
                let outcome = provider.ask(&clients, now, budget).await;
                self.with_memory(key, |memory| memory.clients = Some(clients));
                outcome
            }
            Err(error) => Err(error),
        };
        (provider.place(), outcome)
    }

    async fn ask_dns(&self, provider: &DnsProvider, budget: &Budget) -> Found {
        let servers = match &self.name_servers {
            Some(servers) => Ok(servers.clone()),
            None => NameServers::of_machine().await,
        };
        provider.ask(servers, budget).await
    }

    fn with_memory<T>(&self, key: &Key, work: impl FnOnce(&mut Memory) -> T) -> T {
        self.with_memories(|memories| work(memories.get(key)))
    }

    fn with_memories<T>(&self, work: impl FnOnce(&mut Memories) -> T) -> T {
        work(&mut self.memories.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests;
