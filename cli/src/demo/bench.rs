//! What the demo runs against: emulators on loopback, the configuration that a user would write, and the warm functions
//! under a clock that the demo turns.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use clock::Clock;
use cloudfront::CloudFront;
use ecs::Ecs;
use emulators::aws::{AwsEmulator, Options as AwsOptions, Parameter};
use emulators::faults::{Fault, Rule};
use emulators::receivers::mackerel::{
    MackerelApi, Options as MackerelOptions, POST_SERVICE_METRICS,
};
use emulators::receivers::present::Present;
use emulators::receivers::remote_write::{
    Auth, Options as ReceiverOptions, RemoteWriteReceiver, SigV4,
};
use emulators::site::{Certificates, Door, Site};
use emulators::traffic::ecs::EcsFleet;
use probe::Probe;
use runtime::{Environment, Handler, Invocation, Outcome, environment};
use serde_json::json;
use series::Timestamp;
use url::Url;

use super::document::{API_KEY, AUTHORITY, CONFIG, DOCUMENT, SERVICE, document};
use super::schedule::{EVERY, Schedule};

/// The sink of the embedded receiver.
pub(super) const AMP: &str = "remote_write:amp";
/// The sink of that service.
pub(super) const MACKEREL: &str = "mackerel:production";

/// The region of functions, clusters and workspace.
pub(super) const REGION: &str = "ap-northeast-1";
/// The account that everything is in.
pub(super) const ACCOUNT: &str = "123456789012";

/// The path of a workspace of Amazon Managed Service for Prometheus.
const WORKSPACE: &str = "/workspaces/ws-demo/api/v1/remote_write";

/// Where state and spool are kept.
const BUCKET: &str = "hostless-store";

/// How long the site's certificate is still good when the first run begins.
const CERTIFICATE: Duration = Duration::from_secs(63 * 86_400);

/// Everything that a run touches.
pub(super) struct Bench {
    pub(super) aws: AwsEmulator,
    pub(super) mackerel: MackerelApi,
    /// When its certificate ends.
    pub(super) site_ends: Timestamp,
    /// Absent where a real receiver is delivered to.
    pub(super) receiver: Option<RemoteWriteReceiver>,
    /// The configuration as it may be shown.
    pub(super) document: String,
    clock: Clock,
    present: Present,
    site: Site,
    environment: Environment,
    functions: Functions,
}

/// The functions as they are while a process of each is warm.
struct Functions {
    cloudfront: Handler<CloudFront>,
    ecs: Handler<Ecs>,
    probe: Handler<Probe>,
}

/// What came of the runs at one time.
pub(super) struct Outcomes {
    pub(super) cloudfront: Outcome,
    pub(super) ecs: Outcome,
    pub(super) probe: Outcome,
}

impl Bench {
    /// Starts the emulators and the functions. `remote` is a real receiver of remote write.
    pub(super) async fn set_up(
        schedule: &Schedule,
        remote: Option<&Url>,
        environment: &Environment,
    ) -> anyhow::Result<Self> {
        let start = schedule.first;
        let present = Present::fixed_ms(start.as_millis());
        let aws = AwsEmulator::start(AwsOptions {
            now: Some(start.as_secs()),
            account: ACCOUNT.to_owned(),
            region: REGION.to_owned(),
            buckets: vec![BUCKET.to_owned()],
            ecs: BTreeMap::from([(REGION.to_owned(), EcsFleet::demo())]),
            ..AwsOptions::default()
        });
        let key = "the-key-of-the-demo";
        let mackerel = MackerelApi::start(MackerelOptions {
            now: present.clone(),
            // The hour passes in a second.
            posts_per_minute: None,
            ..MackerelOptions::new(&[SERVICE], key)
        });
        let site_ends = start + CERTIFICATE;
        let site = Site::start(Certificates::until(moment(site_ends)));
        let receiver = remote.is_none().then(|| receiver(&aws, &present));
        let (entry, shown) = match (remote, &receiver) {
            (Some(url), _) => (remote_entry(url.as_str()), remote_entry(&config::redacted(url))),
            (None, receiver) => {
                let url = receiver.as_ref().map(RemoteWriteReceiver::url).unwrap_or_default();
                let entry = amp_entry(&url);
                (entry.clone(), entry)
            }
        };
        let place = format!("https://{}", site.addr(Door::Https));
        let document = |entry: &str| document(entry, &mackerel.url(), &place);
        aws.put_parameter(Parameter::string(DOCUMENT, document(&entry)));
        aws.put_parameter(Parameter::secure(API_KEY, key));
        aws.put_parameter(Parameter::secure(AUTHORITY, site.authority()));
        let clock = Clock::manual(start);
        let environment = function_environment(&aws, environment);
        let functions = Functions::start(&environment, &clock).await?;
        let document = document(&shown);
        Ok(Self {
            aws,
            mackerel,
            site_ends,
            receiver,
            document,
            clock,
            present,
            site,
            environment,
            functions,
        })
    }

    /// Starts all functions anew: Lambda does that whenever it likes, and nothing of the old processes is left.
    pub(super) async fn restart(&mut self) -> anyhow::Result<()> {
        self.functions = Functions::start(&self.environment, &self.clock).await?;
        Ok(())
    }

    /// The scheduled run of each function at a time, with all clocks turned to it.
    pub(super) async fn run(&self, at: Timestamp) -> Outcomes {
        self.clock.set(at);
        self.present.set_ms(at.as_millis());
        self.aws.set_now(Some(at.as_secs()));
        let event = json!({ "time": at.to_string() });
        let unseen = Invocation::default();
        // What a probe saw is nowhere else.
        let seen = Invocation { keep_series: true, ..unseen };
        let Functions { cloudfront, ecs, probe } = &self.functions;
        Outcomes {
            cloudfront: cloudfront.invoke(&event, unseen).await,
            ecs: ecs.invoke(&event, unseen).await,
            probe: probe.invoke(&event, seen).await,
        }
    }

    /// Breaks the site that is probed, or mends it.
    pub(super) fn set_site_down(&self, down: bool) {
        self.site.set_status(if down { 503 } else { 200 });
    }

    /// Takes Mackerel down, as its maintenance does, or brings it back.
    pub(super) fn set_mackerel_down(&self, down: bool) {
        let faults = self.mackerel.faults();
        if down {
            let later = vec![("retry-after".to_owned(), "120".to_owned())];
            let answer = Fault::Answer(503, later, "maintenance\n".to_owned());
            faults.push(Rule::on(POST_SERVICE_METRICS, answer).forever());
        } else {
            faults.clear();
        }
    }
}

impl Functions {
    async fn start(environment: &Environment, clock: &Clock) -> anyhow::Result<Self> {
        let cloudfront = Handler::start(environment.clone(), clock.clone()).await?;
        let ecs = Handler::start(environment.clone(), clock.clone()).await?;
        let probe = Handler::start(environment.clone(), clock.clone()).await?;
        Ok(Self { cloudfront, ecs, probe })
    }
}

/// A receiver that takes only what is signed with the function's own keys, as AMP does.
fn receiver(aws: &AwsEmulator, present: &Present) -> RemoteWriteReceiver {
    let sigv4 = SigV4 {
        verifier: aws.verifier(),
        region: REGION.to_owned(),
        // A sink signs at the time of the function's clock.
        now: present.clone(),
    };
    RemoteWriteReceiver::start(ReceiverOptions {
        now: present.clone(),
        path: WORKSPACE.to_owned(),
        auth: Auth::SigV4(sigv4),
        ..ReceiverOptions::default()
    })
}

fn amp_entry(url: &str) -> String {
    format!("name: amp\n    url: {url}\n    sigv4: {{region: {REGION}}}")
}

/// JSON's quotes are YAML's too.
fn remote_entry(url: &str) -> String {
    format!("url: {}", serde_json::Value::from(url))
}

/// As the standard library has it; nothing here is before the epoch.
fn moment(at: Timestamp) -> SystemTime {
    let seconds = u64::try_from(at.as_secs()).unwrap_or_default();
    SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
}

/// What Lambda would set, and nothing of the caller's but where its trust roots are.
fn function_environment(aws: &AwsEmulator, callers: &Environment) -> Environment {
    let mut variables = aws.environment();
    let own = [
        (environment::CONFIG, CONFIG.to_owned()),
        (environment::STORE, format!("s3://{BUCKET}")),
        (environment::INTERVAL, EVERY.as_secs().to_string()),
        (environment::BUDGET, "10".to_owned()),
    ];
    variables.extend(own.map(|(name, value)| (name.to_owned(), value)));
    for name in ["SSL_CERT_FILE", "SSL_CERT_DIR"] {
        variables.extend(callers.get(name).map(|value| (name.to_owned(), value)));
    }
    Environment::new(|_| None).with(variables)
}
