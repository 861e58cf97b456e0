//! `cargo xtask`: every recipe of the project, so that a developer and CI run the same ones.
//!
//! A recipe is a table of steps ([`mod@test`], [`mod@bench`]); [`steps`] runs one, [`tools`] brings the outside programs that its
//! steps need, [`run`] starts processes, [`mod@template`] and [`tree`] are checks with a mind of their own. Nothing here knows a product crate: the recipes look at the workspace from
//! outside, as its users do.

mod bench;
mod run;
mod steps;
mod template;
mod test;
mod tools;
mod tree;

use std::process::ExitCode;

use run::Workspace;
use steps::Step;

/// The recipes, by the name that they have on the command line.
const RECIPES: &[(&str, &[Step])] = &[("test", test::STEPS), ("bench", bench::STEPS)];

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let (words, options) = split(&args);
    let chosen = match choose(words).and_then(|chosen| takes(chosen, options)) {
        Ok(chosen) => chosen,
        Err(wrong) => {
            eprint!("{wrong}{}", usage());
            return ExitCode::from(2);
        }
    };
    match Workspace::find(options).and_then(|workspace| steps::run(&workspace, &chosen)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("\n{error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Names, and what begins with the first `--`.
fn split(args: &[String]) -> (&[String], &[String]) {
    args.split_at(args.iter().position(|arg| arg.starts_with("--")).unwrap_or(args.len()))
}

/// Options are for the one step that has some, and for nothing else.
fn takes(chosen: Vec<&'static Step>, options: &[String]) -> Result<Vec<&'static Step>, String> {
    match (chosen.as_slice(), options) {
        (_, []) => Ok(chosen),
        ([step], _) if step.name == bench::WITH_OPTIONS => Ok(chosen),
        (_, [first, ..]) => {
            Err(format!("{first:?} is for `bench {}` alone\n\n", bench::WITH_OPTIONS))
        }
    }
}

/// The steps that the command line asks for: a recipe's name, then none (all) or some of its steps.
fn choose(args: &[String]) -> Result<Vec<&'static Step>, String> {
    let Some((recipe, names)) = args.split_first() else {
        return Err(String::new());
    };
    let (_, steps) = RECIPES
        .iter()
        .find(|(name, _)| name == recipe)
        .ok_or_else(|| format!("no recipe is called {recipe:?}\n\n"))?;
    steps::select(steps, names).map_err(|unknown| format!("{recipe} has no step {unknown:?}\n\n"))
}

fn usage() -> String {
    let mut text = String::from("usage: cargo xtask RECIPE [STEP... [OPTION...]]\n");
    for (recipe, steps) in RECIPES {
        text += &format!("\n{recipe}: all of these, or those that are named, in this order\n");
        for step in *steps {
            text += &format!("  {:10} {}\n", step.name, step.about);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(args: &[&str]) -> Result<Vec<&'static str>, String> {
        let args: Vec<String> = args.iter().map(ToString::to_string).collect();
        choose(&args).map(|steps| steps.iter().map(|step| step.name).collect())
    }

    #[test]
    fn a_recipe_alone_is_all_of_its_steps_and_ends_with_the_tests() {
        let all = names(&["test"]).expect("test is a recipe");
        assert_eq!(all.len(), test::STEPS.len());
        assert_eq!(all.last(), Some(&"nextest"));
    }

    #[test]
    fn named_steps_keep_the_order_of_the_recipe() {
        assert_eq!(names(&["test", "clippy", "fmt"]), Ok(vec!["fmt", "clippy"]));
    }

    #[test]
    fn options_are_for_the_step_that_has_some() {
        let args =
            |words: &[&str]| -> Vec<String> { words.iter().map(ToString::to_string).collect() };
        let read = |words: &[&str]| {
            let args = args(words);
            let (words, options) = split(&args);
            let chosen = choose(words).and_then(|chosen| takes(chosen, options));
            chosen.map(|chosen| (chosen.len(), options.len()))
        };
        assert_eq!(read(&["bench", "faults", "--seeds", "5"]), Ok((1, 2)));
        assert_eq!(read(&["bench", "faults"]), Ok((1, 0)));
        let wrong = Err("\"--seeds\" is for `bench faults` alone\n\n".to_owned());
        assert_eq!(read(&["bench", "--seeds", "5"]), wrong);
    }

    #[test]
    fn what_is_unknown_is_named() {
        assert_eq!(names(&[]), Err(String::new()));
        assert_eq!(names(&["tset"]), Err("no recipe is called \"tset\"\n\n".into()));
        assert_eq!(names(&["test", "fnt"]), Err("test has no step \"fnt\"\n\n".into()));
    }
}
