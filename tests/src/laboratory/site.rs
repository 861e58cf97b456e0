//! The emulated world of an experiment: receivers that know what they let in, secrets that nobody may see, and the
//! troubles that befall all of it.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::time::Duration;

use emulators::aws::{Options as AwsOptions, Parameter, Role};
use emulators::faults::{Faults, Rule};
use emulators::receivers::mackerel::Access;
use emulators::receivers::remote_write::{
    Auth, Labels, Options as ReceiverOptions, Personality, RemoteWriteReceiver, SigV4,
};
use emulators::traffic::Fleet;
use series::Timestamp;

use super::gate::Gate;
use super::plan::{Peer, Plan};
use super::probed::Probed;
use super::subject::Subject;
use super::trouble::{Receiver, Trouble};
use crate::truth::Holding;
use crate::world::{API_KEY, Setup, World};

/// Where the function is, and AMP.
pub(super) const REGION: &str = "ap-northeast-1";
const ROLE: &str = "arn:aws:iam::210987654321:role/remote-write";
const PASSWORD: &str = "planted-basic-auth-password";
const TOKEN: &str = "planted-bearer-token";
const KEY_PARAMETER: &str = "/hostless/secret/mackerel-api-key";
const PASSWORD_PARAMETER: &str = "/hostless/secret/password";

/// What every secret of a site has in it, those that the emulated STS hands out included.
const MARKS: [&str; 2] = ["planted", "of-role-key"];

/// Everything that one function touches.
pub struct Site {
    /// The emulators.
    pub world: World,
    /// What there is to probe, if that is what the function does.
    pub probed: Option<Probed>,
    subject: Subject,
    plan: Plan,
    /// Where remote write and Mackerel are said to be, if not where they are.
    gone: [Option<&'static str>; 2],
    /// How often Mackerel's key was replaced.
    keys: u32,
    clock_off: i64,
    /// Before a real receiver, which then stands in the place of the emulated one.
    gate: Option<Gate>,
}

impl Site {
    /// A site as the plan wants it, where nothing has gone wrong yet. `real` is where a real receiver takes writes, if
    /// the plan is about one.
    pub fn new(subject: Subject, plan: &Plan, real: Option<&str>) -> Self {
        let aws = AwsOptions {
            secret: "planted/aws/secret+access/key".to_owned(),
            session_token: Some("planted-aws-session-token".to_owned()),
            roles: vec![role()],
            ..AwsOptions::default()
        };
        let mut world = World::new(Setup { aws, interval_seconds: 60, ..Setup::default() });
        world.receiver = receiver(&world, plan.peer);
        let probed = subject.furnish(&world, plan.wide);
        world.aws.put_parameter(Parameter::secure(PASSWORD_PARAMETER, PASSWORD));
        let (gone, plan, gate) = ([None; 2], plan.clone(), real.map(Gate::before));
        let site = Self { world, probed, subject, plan, gone, keys: 0, clock_off: 0, gate };
        site.configure();
        site
    }

    /// Turns all clocks; that of the function may be off.
    pub fn at(&self, time: Timestamp) {
        self.world.at(time);
        let off = Timestamp::from_secs(time.as_secs() + self.clock_off);
        self.world.clock.set(off);
    }

    /// A trouble begins.
    pub fn begin(&mut self, trouble: &Trouble) {
        match trouble {
            Trouble::Calls(rule) => self.script(rule).push(rule.clone()),
            Trouble::Gone(receiver, address) => self.move_to(*receiver, Some(address)),
            Trouble::KeyReplaced(Receiver::Mackerel) => self.replace_mackerels_key(),
            Trouble::KeyReplaced(Receiver::RemoteWrite) => self.revoke_the_role_s_key(),
            Trouble::Refused(receiver) => self.refuse(*receiver),
            Trouble::TooLarge(receiver, bytes) => self.answer_413_over(*receiver, Some(*bytes)),
            Trouble::ClockOff(seconds) => self.clock_off = *seconds,
        }
    }

    /// A trouble is over.
    pub fn end(&mut self, trouble: &Trouble) {
        match trouble {
            Trouble::Calls(rule) => self.unscript(rule),
            Trouble::Gone(receiver, _) => self.move_to(*receiver, None),
            Trouble::KeyReplaced(Receiver::Mackerel) => {
                let key = Parameter::secure(KEY_PARAMETER, self.key());
                self.world.aws.put_parameter(key);
            }
            Trouble::KeyReplaced(Receiver::RemoteWrite) | Trouble::Refused(_) => {}
            Trouble::TooLarge(receiver, _) => self.answer_413_over(*receiver, None),
            Trouble::ClockOff(_) => self.clock_off = 0,
        }
    }

    /// Nothing goes wrong with any call from now on.
    pub fn end_of_all_calls(&self) {
        self.world.aws.faults().clear();
        self.write_script().clear();
        self.world.mackerel.faults().clear();
    }

    /// What can be read again of these minutes, as a sink is to hold it.
    pub fn produced(&self, receiver: Receiver, minutes: Range<i64>) -> Holding {
        self.subject.produced(&self.world, receiver, self.plan.wide, minutes)
    }

    /// Whether STS is to fail in this plan.
    pub fn account_may_be_unknown(&self) -> bool {
        let fails =
            |trouble: &Trouble| matches!(trouble, Trouble::Calls(rule) if rule.operation == "sts:");
        self.plan.troubles.iter().any(|spell| fails(&spell.trouble))
    }

    /// The function.
    pub fn subject(&self) -> Subject {
        self.subject
    }

    /// What a sink holds.
    pub fn held(&self, receiver: Receiver) -> Holding {
        self.subject.held(&self.world, receiver)
    }

    /// The name under which a series is due and held, if it is one of the function's data.
    pub fn series(&self, labels: &Labels) -> Option<String> {
        self.subject.series(labels)
    }

    /// Everything that the function left where somebody may read it.
    pub fn stored(&self) -> String {
        let keys = self.world.aws.objects("hostless").into_iter();
        let bodies = keys.map(|key| {
            let body = self.world.aws.object("hostless", &key).unwrap_or_default();
            format!("{key}: {}\n", String::from_utf8_lossy(&body))
        });
        bodies.collect()
    }

    fn script(&self, rule: &Rule) -> Faults {
        match rule.operation.split_once(':') {
            Some(("remote_write", _)) => self.write_script(),
            Some(("mackerel", _)) => self.world.mackerel.faults().clone(),
            _ => self.world.aws.faults(),
        }
    }

    fn write_script(&self) -> Faults {
        let emulated = || self.world.receiver.faults();
        self.gate.as_ref().map_or_else(emulated, Gate::faults).clone()
    }

    /// Takes a rule, or what is left of it, out of its script.
    fn unscript(&self, rule: &Rule) {
        let script = self.script(rule);
        let is_other = |one: &Rule| one.operation != rule.operation || one.fault != rule.fault;
        let others: Vec<Rule> = script.pending().into_iter().filter(is_other).collect();
        script.clear();
        others.into_iter().for_each(|other| script.push(other));
    }

    fn move_to(&mut self, receiver: Receiver, address: Option<&'static str>) {
        self.gone[receiver as usize] = address;
        self.configure();
    }

    fn key(&self) -> String {
        if self.keys == 0 { API_KEY.to_owned() } else { format!("{API_KEY}-{}", self.keys) }
    }

    fn replace_mackerels_key(&mut self) {
        self.world.mackerel.set_key(&self.key(), None);
        self.keys += 1;
        self.world.mackerel.set_key(&self.key(), Some(Access::ReadWrite));
    }

    /// The temporary keys of the role that remote write is signed with are worth nothing from now on.
    fn revoke_the_role_s_key(&self) {
        let key_of = |header: &str| {
            let (_, scope) = header.split_once("Credential=")?;
            scope.split('/').next().map(str::to_owned)
        };
        let requests = self.world.receiver.requests().into_iter();
        let headers = requests.filter_map(|request| request.headers.get("authorization").cloned());
        let keys: BTreeSet<String> =
            headers.filter_map(|header| key_of(header.to_str().ok()?)).collect();
        let own = &self.world.aws.key().access_key;
        keys.iter().filter(|key| *key != own).for_each(|key| self.world.aws.verifier().remove(key));
    }

    fn refuse(&self, receiver: Receiver) {
        let metric = self.subject.disliked(receiver);
        match receiver {
            Receiver::RemoteWrite => self.world.receiver.refuse_series("__name__", metric),
            Receiver::Mackerel => self.world.mackerel.refuse_metric(metric),
        }
    }

    fn answer_413_over(&self, receiver: Receiver, bytes: Option<usize>) {
        match receiver {
            Receiver::RemoteWrite => self.world.receiver.answer_413_over(bytes),
            Receiver::Mackerel => self.world.mackerel.answer_413_over(bytes),
        }
    }

    /// Writes the configuration down, with the addresses of the day.
    fn configure(&self) {
        let [write, mackerel] = self.gone;
        let there = || self.gate.as_ref().map_or_else(|| self.world.receiver.url(), Gate::url);
        let write = write.map_or_else(there, str::to_owned);
        let mackerel = mackerel.map_or_else(|| self.world.mackerel.url(), str::to_owned);
        let auth = auth(self.plan.peer);
        let reread = if self.plan.rereads { "10m" } else { "0s" };
        let sections = self.subject.sections(self.plan.wide, self.probed.as_ref());
        let configuration = format!(
            "{sections}
remote_write:
  - {{url: '{write}', name: receiver, remote_timeout: 5s, reread: {reread}{auth}}}
mackerel:
  - service: production
    api_key_file: ssm:{KEY_PARAMETER}
    base_url: {mackerel}
    reread: {reread}
"
        );
        self.world.aws.put_parameter(Parameter::secure("/hostless/config/main", &configuration));
    }
}

/// Whether a text shows a secret.
pub fn shows_a_secret(text: &str) -> bool {
    MARKS.iter().any(|mark| text.contains(mark))
}

/// The receiver of the plan, which goes by the same time as everything else.
fn receiver(world: &World, peer: Peer) -> RemoteWriteReceiver {
    let now = world.receiver.now().clone();
    let minutes = |minutes: u64| Duration::from_secs(60 * minutes);
    let signed =
        SigV4 { verifier: world.aws.verifier(), region: REGION.to_owned(), now: now.clone() };
    let basic = Auth::Basic { username: "hostless".to_owned(), password: PASSWORD.to_owned() };
    let (personality, auth) = match peer {
        Peer::Amp => (Personality::Amp { ooo_window: minutes(1) }, Auth::SigV4(signed)),
        Peer::PatientAmp => (Personality::Amp { ooo_window: minutes(10) }, Auth::SigV4(signed)),
        Peer::Prometheus => (Personality::Prometheus { ooo_window: minutes(0) }, basic),
        Peer::PatientPrometheus => (Personality::Prometheus { ooo_window: minutes(10) }, basic),
        Peer::VictoriaMetrics => (Personality::VictoriaMetrics, Auth::Bearer(TOKEN.to_owned())),
        Peer::Real => (Personality::VictoriaMetrics, Auth::Open),
    };
    RemoteWriteReceiver::start(ReceiverOptions {
        personality,
        auth,
        now,
        ..ReceiverOptions::default()
    })
}

/// The role that AMP is written to with.
fn role() -> Role {
    let (fleet, ecs) = (Fleet::default(), BTreeMap::new());
    Role { arn: ROLE.to_owned(), external_id: None, fleet, ecs }
}

/// How the receiver of the plan is authenticated to: the end of its entry.
fn auth(peer: Peer) -> String {
    match peer {
        Peer::Amp | Peer::PatientAmp => {
            format!(", sigv4: {{region: {REGION}, role_arn: '{ROLE}'}}")
        }
        Peer::Prometheus | Peer::PatientPrometheus => {
            format!(
                ", basic_auth: {{username: hostless, password_file: 'ssm:{PASSWORD_PARAMETER}'}}"
            )
        }
        Peer::VictoriaMetrics => format!(", authorization: {{credentials: {TOKEN}}}"),
        Peer::Real => String::new(),
    }
}
