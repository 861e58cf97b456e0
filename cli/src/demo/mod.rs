//! `hostless` without a command: the whole way from AWS to the receivers, on this machine and without an AWS account.
//!
//! `bench` starts the emulators and the very functions that Lambda runs, `schedule` says when they run, `hour` lets them.
//! Then `held` compares what the receivers hold with `truth`, what the emulated distributions and clusters produced and the
//! emulated site showed, and `picture` draws it all. Nothing here knows what the functions do inside.

mod bench;
mod document;
mod figures;
mod held;
mod hour;
mod layout;
mod picture;
mod progress;
mod schedule;
mod sparkline;
mod style;
mod truth;

use std::collections::BTreeMap;
use std::process::ExitCode;

use anyhow::Context;
use clap::Args;
use clock::Clock;
use runtime::Environment;
use series::Timestamp;
use url::Url;

use crate::terminal::{complain, say};
use bench::{AMP, Bench, MACKEREL, REGION};
use document::CONFIG;
use figures::counted;
use held::Held;
use hour::Hour;
use picture::{Gathered, Graph, Picture};
use progress::Progress;
use schedule::{EVERY, Schedule};
use style::Style;
use truth::{Origin, Points, Row};

/// What a real Prometheus is likely to mean by an order that it does not like.
const SEEN_BEFORE: &str = "A receiver that holds newer samples of these series, from an earlier demo say, does not take \
                           the hour before them; an empty one does.";

#[derive(Args)]
// Its group would be named as that of the command around it.
#[group(skip)]
pub(crate) struct Arguments {
    /// The demo delivers to this receiver of remote write, a Prometheus say, instead of an embedded one
    #[arg(long, value_name = "URL", value_parser = receiver)]
    remote_write: Option<Url>,
}

fn receiver(text: &str) -> Result<Url, String> {
    let url = Url::parse(text).map_err(|error| error.to_string())?;
    match url.scheme() {
        "http" | "https" => Ok(url),
        scheme => Err(format!("{scheme} is neither http nor https")),
    }
}

pub(crate) async fn run(
    arguments: &Arguments,
    environment: &Environment,
) -> anyhow::Result<ExitCode> {
    let remote = arguments.remote_write.as_ref();
    let schedule = match remote {
        None => Schedule::of_the_hour(),
        Some(_) => Schedule::until(Clock::System.now()),
    };
    let style = Style::of_stdout(environment);
    say(&introduction(remote, style));
    let progress = Progress::new(style::is_live(environment));
    progress.show("  starting the emulators");
    let mut bench =
        Bench::set_up(&schedule, remote, environment).await.context("start the demo")?;
    let hour = hour::play(&mut bench, schedule, &progress).await;
    drop(progress);
    let hour = match hour {
        Ok(hour) => hour,
        Err(surprise) => {
            complain(&format!("hostless: {surprise}"));
            if remote.is_some() && surprise.is_about_order() {
                complain(SEEN_BEFORE);
            }
            return Ok(ExitCode::FAILURE);
        }
    };
    let picture = picture(&bench, schedule, hour, remote);
    say(picture.draw(style).trim_end());
    Ok(if picture.adds_up() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn introduction(remote: Option<&Url>, style: Style) -> String {
    let hostless = style.strong(format!("{:<14}", "hostless"));
    let where_to = match remote {
        None => {
            "AWS, Mackerel, a\nPrometheus receiver and a site are emulated on loopback, signatures and all."
                .to_owned()
        }
        Some(url) => format!(
            "AWS, Mackerel and\na site are emulated on loopback; remote write goes to a real receiver:\n{}",
            config::redacted(url)
        ),
    };
    format!(
        "{hostless} AWS metrics and probes to Prometheus and Mackerel, without a host\n\n\
         This is the demo: the functions that Lambda runs, run here. {where_to}\n"
    )
}

/// Gathers what there is to show.
fn picture(bench: &Bench, schedule: Schedule, hour: Hour, remote: Option<&Url>) -> Picture {
    let Hour { runs, metrics_a_run, api_calls, sinks, probed } = hour;
    let rows = truth::rows(bench, schedule, &probed);
    let mackerel = Held::of_mackerel(&bench.mackerel);
    let due = rows.iter().filter_map(|row| Some((row.mackerel.clone()?, row.posted().1)));
    let mut compared = vec![(MACKEREL.to_owned(), truth::compare(due, &mackerel))];
    let mut violations = bench.mackerel.violations();
    violations.extend(truth::impossible(&probed));
    // A real receiver is not looked into: what it was sent stands for what it holds.
    let mut prometheus: BTreeMap<String, Points> =
        rows.iter().map(|row| (row.identity.clone(), row.points.clone())).collect();
    if let Some(receiver) = &bench.receiver {
        let held = Held::of_receiver(receiver);
        let due = rows.iter().map(|row| (row.identity.clone(), &row.points));
        compared.insert(0, (AMP.to_owned(), truth::compare(due, &held)));
        violations.extend(receiver.violations());
        prometheus = held.series;
    }
    Picture {
        config: CONFIG,
        document: bench.document.clone(),
        runs,
        every_minutes: EVERY.as_secs() / 60,
        window: schedule.window(),
        gathered: gathered(bench, &rows),
        samples: samples(&rows, |_| true),
        unposted: samples(&rows, |row| row.mackerel.is_none()),
        metrics_a_run,
        api_calls,
        sinks,
        compared,
        violations,
        remote: remote.map(config::redacted),
        prometheus: graphs(&rows, &prometheus, schedule),
        mackerel: mackerel_graphs(&rows, &mackerel.series, schedule),
    }
}

/// Values of some series.
fn samples(rows: &[Row], is_meant: impl Fn(&Row) -> bool) -> u64 {
    let meant = rows.iter().filter(|row| is_meant(row));
    meant.map(|row| row.points.len() as u64).sum()
}

/// What there is at each origin, and what came of it.
fn gathered(bench: &Bench, rows: &[Row]) -> Vec<Gathered> {
    let fleet = bench.aws.fleet();
    let has_traffic = |id: &str| rows.iter().any(|row| row.resource == id);
    let silent = fleet.distributions.iter().filter(|one| !has_traffic(&one.id)).count();
    let clusters = bench.aws.ecs_fleet(REGION);
    let services: usize = clusters.clusters.iter().map(|cluster| cluster.services.len()).sum();
    let distributions = counted(fleet.distributions.len() as u64, "distribution");
    let services = counted(services as u64, "service");
    let clusters = counted(clusters.clusters.len() as u64, "cluster");
    let of = |origin: Origin, from: &'static str, resources: String| {
        let own = |row: &Row| row.origin == origin;
        let series = rows.iter().filter(|row| own(row)).count() as u64;
        Gathered { from, samples: samples(rows, own), series, resources }
    };
    vec![
        of(Origin::CloudFront, "CloudFront", format!("{distributions}, {silent} without traffic")),
        of(Origin::Ecs, "ECS", format!("{services} in {clusters}")),
        of(Origin::EcsApi, "ECS API", "what it says at each run".to_owned()),
        of(Origin::Probe, "Probes", "1 site over TLS".to_owned()),
    ]
}

/// The metrics that are drawn, as series names: of every distribution that has them, of the services of one cluster,
/// of the site.
const DRAWN: [&str; 9] = [
    "aws_cloudfront_requests_sum",
    "aws_cloudfront_cache_hit_rate_average",
    "aws_cloudfront_origin_latency_p90",
    "aws_ecs_memory_utilization_maximum",
    "ecs_service_running_tasks",
    "ecs_service_stopped_tasks",
    "probe_success",
    "probe_duration_seconds",
    "probe_ssl_earliest_cert_expiry",
];

/// Of ECS, this cluster's services are drawn.
const CLUSTER: &str = "production/";

/// Whatever was 0 all the hour is not worth a line.
fn drawn<'a>(rows: &'a [Row], name: &'a str) -> impl Iterator<Item = &'a Row> {
    let is_shown = |row: &Row| match row.origin {
        Origin::CloudFront | Origin::Probe => true,
        Origin::Ecs | Origin::EcsApi => row.alias.starts_with(CLUSTER),
    };
    let says_something = |row: &Row| row.points.values().any(|value| *value != 0.0);
    rows.iter().filter(move |row| row.name == name && is_shown(row) && says_something(row))
}

/// When a series of this origin may have a value, in seconds since the epoch.
fn moments(origin: Origin, schedule: Schedule) -> Vec<i64> {
    match origin {
        Origin::CloudFront | Origin::Ecs => schedule.window().step_by(60).collect(),
        Origin::EcsApi | Origin::Probe => schedule.times().map(Timestamp::as_secs).collect(),
    }
}

fn graphs(rows: &[Row], held: &BTreeMap<String, Points>, schedule: Schedule) -> Vec<Graph> {
    let line =
        |row: &Row| (row.alias.clone(), held.get(&row.identity).cloned().unwrap_or_default());
    let graph = |name: &&str| {
        let first = drawn(rows, name).next()?;
        Some(Graph {
            metric: first.metric,
            name: (*name).to_owned(),
            moments: moments(first.origin, schedule),
            lines: drawn(rows, name).map(line).collect(),
        })
    };
    DRAWN.iter().filter_map(graph).collect()
}

/// Names say everything there: one line each.
fn mackerel_graphs(
    rows: &[Row],
    held: &BTreeMap<String, Points>,
    schedule: Schedule,
) -> Vec<Graph> {
    let graph = |row: &Row| {
        let name = row.mackerel.clone()?;
        let points = held.get(&name).cloned().unwrap_or_default();
        Some(Graph {
            metric: row.posted().0,
            name,
            moments: moments(row.origin, schedule),
            lines: vec![(String::new(), points)],
        })
    };
    DRAWN.iter().flat_map(|name| drawn(rows, name).take(2)).filter_map(graph).collect()
}
