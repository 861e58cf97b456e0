//! What a recipe is made of, and how it runs: tools first, then one step after the other, stopping at the first that fails.
//!
//! Headlines and times go to stderr, where cargo and nextest write too. After the last step nothing more is said, so
//! that its own summary is what the terminal ends with.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use crate::run::Workspace;
use crate::tools::{self, Tool};

/// One check or build of a recipe.
pub(crate) struct Step {
    /// What it is called on the command line.
    pub(crate) name: &'static str,
    /// What it does, as the headline says it.
    pub(crate) about: &'static str,
    /// The outside programs that it needs.
    pub(crate) needs: &'static [Tool],
    pub(crate) run: fn(&Workspace) -> Result<()>,
}

/// The steps of these names in the order of the recipe, all for no names; the error is a name that no step has.
pub(crate) fn select(
    steps: &'static [Step],
    names: &[String],
) -> Result<Vec<&'static Step>, String> {
    if let Some(unknown) = names.iter().find(|name| steps.iter().all(|step| step.name != **name)) {
        return Err(unknown.clone());
    }
    let asked_for = |step: &&Step| names.is_empty() || names.iter().any(|name| name == step.name);
    Ok(steps.iter().filter(asked_for).collect())
}

/// Runs the steps. What is missing to run them comes up before the first one, not after ten minutes.
pub(crate) fn run(workspace: &Workspace, steps: &[&Step]) -> Result<()> {
    let clock = start();
    let needs: BTreeSet<Tool> = steps.iter().flat_map(|step| step.needs).copied().collect();
    needs.into_iter().try_for_each(|tool| tools::ensure(workspace, tool))?;
    for (index, step) in steps.iter().enumerate() {
        eprintln!("\n==> {}: {}", step.name, step.about);
        let began = clock.elapsed();
        (step.run)(workspace).with_context(|| format!("{} failed", step.name))?;
        if index + 1 < steps.len() {
            let now = clock.elapsed();
            eprintln!("    {} of {}", seconds(now - began), seconds(now));
        }
    }
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "how long a step takes is told to the one who waits")]
fn start() -> Instant {
    Instant::now()
}

fn seconds(duration: Duration) -> String {
    format!("{:.1} s", duration.as_secs_f64())
}
