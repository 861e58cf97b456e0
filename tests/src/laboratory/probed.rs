//! What `probe` probes in the laboratory: an emulated site, of which nothing goes wrong, and an address where nobody is. What
//! a probe saw is there only when it looked, as ECS's counts are, and waits in the spool like them.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::time::{Duration, SystemTime};

use emulators::site::{Certificates, Door, Site};

use super::ledger::Ledger;
use super::trouble::Receiver;
use crate::probe_truth::{ANY, CERTIFICATES_END, Conduct, DROPPED, ProbeSeries, ProbeTruth};
use crate::truth::Holding;

const JOB: &str = "blackbox";

/// Sent to the site with each request for a page; nobody else may see it.
const PASSWORD: &str = "planted-probe-password";

/// Pages beyond the first where there are many.
const OTHER_PAGES: usize = 12;

/// The site, and how it is probed.
#[derive(Debug)]
pub struct Probed {
    site: Site,
    targets: Vec<(String, Conduct)>,
}

impl Probed {
    /// A site with one target of each kind; `wide`: with many of one kind.
    pub fn start(wide: bool) -> Self {
        let end = SystemTime::UNIX_EPOCH + Duration::from_secs(CERTIFICATES_END);
        let single = [
            ("web", Conduct::Page),
            ("secure", Conduct::SecurePage),
            ("port", Conduct::Listens),
            ("mute", Conduct::SaysNothing),
            ("names", Conduct::Answers),
            ("nobody", Conduct::NobodyThere),
        ];
        let others = (0..if wide { OTHER_PAGES } else { 0 }).map(|n| format!("web-{n}"));
        let others = others.map(|name| (name, Conduct::Page));
        let single = single.map(|(name, conduct)| (name.to_owned(), conduct));
        let targets = single.into_iter().chain(others).collect();
        Self { site: Site::start(Certificates::until(end)), targets }
    }

    /// The sections of the configuration: the modules, and the job with all targets.
    pub fn sections(&self) -> String {
        let root = format!("{:?}", self.site.authority());
        let mut sections = format!(
            "modules:
  page: {{prober: http, timeout: 4s, http: {{basic_auth: {{username: probe, password: {PASSWORD}}}}}}}
  secure_page: {{prober: http, timeout: 4s, http: {{tls_config: {{ca: {root}}}}}}}
  port: {{prober: tcp, timeout: 4s}}
  greeting: {{prober: tcp, timeout: 1s, tcp: {{query_response: [{{expect: '^hello'}}]}}}}
  address: {{prober: dns, timeout: 4s, dns: {{query_name: example.com, query_type: A}}}}
scrape_configs:
  - job_name: {JOB}
    metrics_path: /probe
    scrape_interval: 1m
    relabel_configs:
      - {{source_labels: [__address__], target_label: __param_target}}
      - {{source_labels: [name], target_label: instance}}
      - {{target_label: __address__, replacement: exporter}}
    metric_relabel_configs:
      - {{source_labels: [__name__], regex: {DROPPED}, action: drop}}
    static_configs:
"
        );
        for (name, conduct) in &self.targets {
            let (module, address) = (module(*conduct), self.address(*conduct));
            let labels = format!("{{name: {name}, __param_module: {module}}}");
            writeln!(sections, "      - {{targets: ['{address}'], labels: {labels}}}")
                .expect("text grows");
        }
        sections
    }

    fn address(&self, conduct: Conduct) -> String {
        match conduct {
            Conduct::Page => format!("http://{}/", self.site.addr(Door::Http)),
            Conduct::SecurePage => format!("https://{}/", self.site.addr(Door::Https)),
            Conduct::Listens => self.site.addr(Door::Tcp).to_string(),
            Conduct::SaysNothing => self.site.addr(Door::Silent).to_string(),
            Conduct::Answers => self.site.addr(Door::Dns).to_string(),
            Conduct::NobodyThere => "http://127.0.0.1:1/".to_owned(),
        }
    }

    /// What a sink must hold of the observations that were answered for, and what it may hold of all that were begun. Of one
    /// whose process stood still it must hold what a probe leaves in any case: who can say what the probe came to meanwhile?
    pub fn due(&self, receiver: Receiver, ledger: &Ledger) -> (Holding, Holding) {
        let of_all = |series: fn(&ProbeTruth) -> Vec<ProbeSeries>| -> Vec<ProbeSeries> {
            let truths = self.targets.iter();
            let truths = truths.map(|(name, conduct)| ProbeTruth::of(JOB, name, *conduct));
            truths.flat_map(|truth| series(&truth)).collect()
        };
        let undisturbed = of_all(ProbeTruth::undisturbed);
        let still: BTreeSet<i64> = ledger.stood_still.iter().map(|at| receiver.kept(*at)).collect();
        let (disturbed, others): (BTreeSet<i64>, BTreeSet<i64>) =
            ledger.observed.iter().partition(|at| still.contains(&receiver.kept(**at)));
        let book = Book { receiver, begun: &ledger.begun };
        let mut observed = Holding::new();
        book.enter(&mut observed, &undisturbed, &others);
        book.enter(&mut observed, &of_all(ProbeTruth::in_any_case), &disturbed);
        let mut perhaps = Holding::new();
        book.enter(&mut perhaps, &undisturbed, &ledger.begun);
        book.enter(&mut perhaps, &of_all(ProbeTruth::cut_short), &ledger.stood_still);
        (observed, perhaps)
    }
}

/// How observations become samples of a receiver.
struct Book<'a> {
    receiver: Receiver,
    begun: &'a BTreeSet<i64>,
}

impl Book<'_> {
    /// Writes down what each of these observations is to leave.
    fn enter(&self, holding: &mut Holding, series: &[ProbeSeries], times: &BTreeSet<i64>) {
        for one in series {
            let name = match self.receiver {
                Receiver::RemoteWrite => Some(&one.remote_write),
                Receiver::Mackerel => one.mackerel.as_ref(),
            };
            let Some(name) = name else { continue };
            let points = holding.entry(name.clone()).or_default();
            let kept = times.iter().map(|at| self.receiver.kept(*at));
            points.extend(kept.map(|at| (at, self.value(one, at))));
        }
    }

    /// The value of a sample that is kept at this time. Of several observations that are kept there as one, and that do not
    /// say the same, it may be any.
    fn value(&self, one: &ProbeSeries, kept: i64) -> f64 {
        let begun = self.begun.range(kept..kept + 60);
        let here = begun.filter(|at| self.receiver.kept(**at) == kept);
        let mut values = here.map(|at| match self.receiver {
            Receiver::RemoteWrite => one.value(),
            Receiver::Mackerel => one.value_in_mackerel(*at),
        });
        let first = values.next().unwrap_or(ANY);
        if values.all(|other| other.to_bits() == first.to_bits()) { first } else { ANY }
    }
}

fn module(conduct: Conduct) -> &'static str {
    match conduct {
        Conduct::Page | Conduct::NobodyThere => "page",
        Conduct::SecurePage => "secure_page",
        Conduct::Listens => "port",
        Conduct::SaysNothing => "greeting",
        Conduct::Answers => "address",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT: i64 = 1_795_165_200;

    /// The due value of a series at a time, and whether it must be there.
    fn due(ledger: &Ledger, receiver: Receiver, series: &str, at: i64) -> Option<(f64, bool)> {
        let (observed, perhaps) = Probed::start(false).due(receiver, ledger);
        let find = |holding: &Holding| {
            let mut found = holding.iter().filter(|(name, _)| name.starts_with(series));
            found.find_map(|(_, points)| points.get(&at).copied())
        };
        find(&observed).map(|value| (value, true)).or(find(&perhaps).map(|value| (value, false)))
    }

    #[test]
    fn what_was_answered_for_is_due_and_what_was_begun_may_be_there() {
        let observed = BTreeSet::from([AT]);
        let begun = BTreeSet::from([AT, AT + 60]);
        let ledger = Ledger { observed, begun, ..Ledger::default() };
        let due = |series, at| due(&ledger, Receiver::RemoteWrite, series, at);
        let web = r#"probe_success{instance="web","#;
        assert_eq!(due(web, AT), Some((1.0, true)));
        assert_eq!(due(r#"probe_success{instance="nobody","#, AT), Some((0.0, true)));
        assert_eq!(due(web, AT + 60), Some((1.0, false)));
        assert_eq!(due(web, AT + 120), None);
        assert!(due("probe_duration_seconds", AT).is_some_and(|(any, _)| any.is_nan()));
    }

    #[test]
    fn of_a_process_that_stood_still_a_probe_is_due_whatever_it_came_to() {
        let observed = BTreeSet::from([AT]);
        let (begun, stood_still) = (observed.clone(), observed.clone());
        let ledger = Ledger { observed, begun, stood_still, ..Ledger::default() };
        let due = |series| due(&ledger, Receiver::RemoteWrite, series, AT);
        assert!(due("probe_success").is_some_and(|(any, must)| any.is_nan() && must));
        assert!(due("probe_http_status_code").is_some_and(|(_, must)| !must));
        let failed =
            r#"probe_failure_info{instance="web",job="blackbox",name="web",reason="timeout""#;
        assert_eq!(due(failed), Some((1.0, false)));
    }

    #[test]
    fn of_two_observations_in_a_minute_mackerel_may_keep_either() {
        let days = |at: i64| (CERTIFICATES_END as i64 - at) as f64 / 86_400.0;
        let observed = BTreeSet::from([AT, AT + 20, AT + 60]);
        let ledger = Ledger { begun: observed.clone(), observed, ..Ledger::default() };
        let due = |series, at| due(&ledger, Receiver::Mackerel, series, at);
        assert!(due("probe.cert_days.secure", AT).is_some_and(|(any, _)| any.is_nan()));
        assert_eq!(due("probe.success.secure", AT), Some((1.0, true)), "both say so");
        assert_eq!(due("probe.cert_days.secure", AT + 60), Some((days(AT + 60), true)));
        assert_eq!(ledger.met(Receiver::Mackerel), BTreeSet::from([AT]));
        assert_eq!(ledger.met(Receiver::RemoteWrite), BTreeSet::new());
    }
}
