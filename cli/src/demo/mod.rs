//! `hostless` without a command: the whole way from CloudWatch to the receivers, on this machine and without an AWS account.
//!
//! `bench` starts the emulators and the very function that Lambda runs, `schedule` says when it runs, `hour` lets it.
//! Then `held` compares what the receivers hold with `truth`, what the emulated distributions produced, and `picture`
//! draws it all. Nothing here knows what the function does inside.

mod bench;
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
use url::Url;

use crate::terminal::{complain, say};
use bench::{AMP, Bench, CONFIG, MACKEREL};
use held::Held;
use hour::Hour;
use picture::{Graph, Picture};
use progress::Progress;
use schedule::{EVERY, Schedule};
use style::Style;
use truth::{Points, Row};

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
    let bench = Bench::set_up(&schedule, remote, environment).await.context("start the demo")?;
    let hour = hour::play(&bench, schedule, &progress).await;
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
            "AWS, Mackerel and a\nPrometheus receiver are emulated on loopback, signatures and all."
                .to_owned()
        }
        Some(url) => format!(
            "AWS and Mackerel are\nemulated on loopback; remote write goes to a real receiver:\n{}",
            config::redacted(url)
        ),
    };
    format!(
        "{hostless} CloudWatch metrics to Prometheus and Mackerel, without a host\n\n\
         This is the demo: the function that Lambda runs, run here. {where_to}\n"
    )
}

/// Gathers what there is to show.
fn picture(bench: &Bench, schedule: Schedule, hour: Hour, remote: Option<&Url>) -> Picture {
    let window = schedule.window();
    let rows = truth::rows(&bench.aws, &window);
    let Hour { runs, metrics_a_run, api_calls, sinks } = hour;
    let mackerel = Held::of_mackerel(&bench.mackerel);
    let due = rows.iter().map(|row| (row.mackerel.clone(), &row.points));
    let mut compared = vec![(MACKEREL.to_owned(), truth::compare(due, &mackerel))];
    let mut violations = bench.mackerel.violations();
    // A real receiver is not looked into: what it was sent stands for what it holds.
    let mut prometheus: BTreeMap<String, Points> =
        rows.iter().map(|row| (row.identity(), row.points.clone())).collect();
    if let Some(receiver) = &bench.receiver {
        let held = Held::of_receiver(receiver);
        let due = rows.iter().map(|row| (row.identity(), &row.points));
        compared.insert(0, (AMP.to_owned(), truth::compare(due, &held)));
        violations.extend(receiver.violations());
        prometheus = held.series;
    }
    let fleet = bench.aws.fleet();
    let has_traffic = |id: &str| rows.iter().any(|row| row.distribution == id);
    let silent = fleet.distributions.iter().filter(|one| !has_traffic(&one.id)).count();
    Picture {
        config: CONFIG,
        document: bench.document.clone(),
        runs,
        every_minutes: EVERY.as_secs() / 60,
        window,
        distributions: fleet.distributions.len() as u64,
        silent: silent as u64,
        series: rows.len() as u64,
        samples: rows.iter().map(|row| row.points.len() as u64).sum(),
        metrics_a_run,
        api_calls,
        sinks,
        compared,
        violations,
        remote: remote.map(config::redacted),
        prometheus: graphs(&rows, &prometheus),
        mackerel: mackerel_graphs(&rows, &mackerel.series),
    }
}

/// The metrics that are drawn, as series names: the first for every distribution, the others where they are.
const DRAWN: [&str; 3] = [
    "aws_cloudfront_requests_sum",
    "aws_cloudfront_cache_hit_rate_average",
    "aws_cloudfront_origin_latency_p90",
];

fn graphs(rows: &[Row], held: &BTreeMap<String, Points>) -> Vec<Graph> {
    let drawn = DRAWN.iter().map(|name| {
        let of_name: Vec<&Row> = rows.iter().filter(|row| row.name == *name).collect();
        let line = |row: &&Row| {
            (row.alias.clone(), held.get(&row.identity()).cloned().unwrap_or_default())
        };
        let metric = of_name.first().map_or("", |row| row.metric);
        Graph { metric, name: (*name).to_owned(), lines: of_name.iter().map(line).collect() }
    });
    drawn.collect()
}

/// Names say everything there: one line each.
fn mackerel_graphs(rows: &[Row], held: &BTreeMap<String, Points>) -> Vec<Graph> {
    let of_name =
        DRAWN.iter().flat_map(|name| rows.iter().filter(move |row| row.name == *name).take(2));
    let graph = |row: &Row| {
        let points = held.get(&row.mackerel).cloned().unwrap_or_default();
        Graph {
            metric: row.metric,
            name: row.mackerel.clone(),
            lines: vec![(String::new(), points)],
        }
    };
    of_name.map(graph).collect()
}
