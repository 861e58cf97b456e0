//! The fault laboratory over as many seeds as one likes: `cargo xtask bench faults` starts this.
//!
//! Each experiment needs a process of its own, as its clock stands still while anybody works: this one starts workers,
//! which are the same program, adds up what they print, and shows the table.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::process::{Command, ExitCode, Stdio};
use std::sync::{Mutex, PoisonError};
use std::thread;

use serde_json::{Value, json};
use tests::laboratory::figures::Figures;
use tests::laboratory::{Plan, SUBJECTS, Subject, experiment};

const USAGE: &str = "usage: laboratory [--seeds N] [--from SEED] [--function NAME] [--minutes N]
  --seeds     how many, 1000 unless given
  --from      the first one, 1 unless given
  --function  only this one
  --minutes   of the schedule, 60 unless given; 1440 are a day
Without --function they take turns: seed 1 is for the first one, seed 2 for the next, and so on.
";

/// More than there are processors: an experiment waits now and then.
const WORKERS_A_PROCESSOR: usize = 2;

/// What is asked for.
#[derive(Clone)]
struct Asked {
    seeds: u64,
    from: u64,
    function: Option<Subject>,
    minutes: i64,
    /// This process is a worker, and takes each so many-th seed.
    step: Option<u64>,
}

fn main() -> ExitCode {
    let Some(asked) = Asked::read(std::env::args().skip(1)) else {
        eprint!("{USAGE}");
        return ExitCode::from(2);
    };
    match asked.step {
        Some(step) => work(&asked, step),
        None => supervise(&asked),
    }
}

impl Asked {
    fn read(args: impl Iterator<Item = String>) -> Option<Self> {
        let mut asked = Self { seeds: 1_000, from: 1, function: None, minutes: 60, step: None };
        let mut args = args;
        while let Some(name) = args.next() {
            let value = args.next()?;
            match name.as_str() {
                "--seeds" => asked.seeds = value.parse().ok()?,
                "--from" => asked.from = value.parse().ok()?,
                "--minutes" => asked.minutes = value.parse().ok()?,
                "--function" => {
                    let named = SUBJECTS.into_iter().find(|subject| subject.name() == value);
                    asked.function = Some(named?);
                }
                "--step" => asked.step = Some(value.parse().ok()?),
                _ => return None,
            }
        }
        Some(asked)
    }
}

/// Runs its share of the seeds, and prints what came of each in a line.
fn work(asked: &Asked, step: u64) -> ExitCode {
    let step = usize::try_from(step).unwrap_or(usize::MAX);
    for seed in (asked.from..asked.from + asked.seeds).step_by(step) {
        let subject = asked.function.unwrap_or_else(|| turn(seed));
        let plan = Plan::of(seed, asked.minutes);
        let verdict = experiment(subject, &plan);
        let line = json!({
            "function": subject.name(),
            "figures": Figures::of(&verdict).to_json(),
            "indictment": verdict.indictment(subject, &plan),
        });
        if writeln!(std::io::stdout(), "{line}").is_err() {
            // Nobody listens any more.
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}

/// Whose turn a seed is.
fn turn(seed: u64) -> Subject {
    let index = seed.wrapping_sub(1) % SUBJECTS.len() as u64;
    SUBJECTS[usize::try_from(index).expect("an index")]
}

/// What all workers came to.
#[derive(Default)]
struct Totals {
    experiments: u64,
    figures: BTreeMap<String, Figures>,
    indictments: Vec<String>,
}

/// Starts the workers, and shows what they came to.
fn supervise(asked: &Asked) -> ExitCode {
    let processors = thread::available_parallelism().map_or(1, usize::from);
    let workers = (processors * WORKERS_A_PROCESSOR) as u64;
    let totals = Mutex::new(Totals::default());
    let all_ended_well = thread::scope(|scope| {
        let start = |index| {
            scope.spawn({
                let totals = &totals;
                move || follow(asked, index, workers, totals)
            })
        };
        let followed: Vec<_> = (0..workers.min(asked.seeds)).map(start).collect();
        followed.into_iter().all(|one| one.join().is_ok_and(|ended_well| ended_well))
    });
    let totals = totals.into_inner().unwrap_or_else(PoisonError::into_inner);
    totals.indictments.iter().for_each(|indictment| eprintln!("\n{indictment}"));
    totals.figures.iter().for_each(|(function, figures)| eprintln!("\n{function}\n{figures}"));
    let (experiments, wrong) = (totals.experiments, totals.indictments.len());
    eprintln!("{experiments} experiments, {wrong} with something that must not be");
    if all_ended_well && wrong == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Starts one worker and takes in what it prints. Whether it came to its end.
fn follow(asked: &Asked, index: u64, workers: u64, totals: &Mutex<Totals>) -> bool {
    let program = std::env::current_exe().expect("this program has a path");
    let mut command = Command::new(program);
    let seeds = asked.seeds.saturating_sub(index);
    for (name, value) in [("--seeds", seeds), ("--from", asked.from + index), ("--step", workers)] {
        command.args([name, &value.to_string()]);
    }
    command.args(["--minutes", &asked.minutes.to_string()]);
    command.args(asked.function.iter().flat_map(|only| ["--function", only.name()]));
    let mut worker = command.stdout(Stdio::piped()).spawn().expect("this program starts once more");
    let lines = worker.stdout.take().into_iter().flat_map(|lines| BufReader::new(lines).lines());
    for line in lines.map_while(Result::ok) {
        match serde_json::from_str(&line) {
            Ok(said) => totals.lock().unwrap_or_else(PoisonError::into_inner).take(&said),
            Err(error) => eprintln!("{error}: {line}"),
        }
    }
    worker.wait().is_ok_and(|status| status.success())
}

impl Totals {
    /// Takes in one experiment.
    fn take(&mut self, said: &Value) {
        let function = said["function"].as_str().unwrap_or_default().to_owned();
        self.experiments += 1;
        self.figures.entry(function).or_default().add(&Figures::from_json(&said["figures"]));
        self.indictments.extend(said["indictment"].as_str().map(str::to_owned));
        if self.experiments.is_multiple_of(100) {
            eprintln!("{} experiments", self.experiments);
        }
    }
}
