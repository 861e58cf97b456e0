//! The environment of all expressions: the functions of the language, with `matches` on Go's regular expressions.

use cel::common::types::{CelBool, CelString};
use cel::common::value::CowVal;
use cel::{Env, ExecutionError};
use series::go_regex::GoRegex;

/// The name of the function.
const MATCHES: &str = "matches";

pub(super) fn environment() -> Env {
    const UNIQUE: &str = "the crate's own comes with a feature that is off";
    let mut env = Env::stdlib();
    let text = || cel::common::types::STRING_TYPE;
    env.add_overload(MATCHES, "matches", vec![text(), text()], matches).expect(UNIQUE);
    env.add_member_overload(MATCHES, "matches_string", text(), vec![text()], matches)
        .expect(UNIQUE);
    env
}

fn matches<'b, 'v>(arguments: Vec<CowVal<'b, 'v>>) -> Result<CowVal<'b, 'v>, ExecutionError> {
    let [text, pattern] = <[CowVal<'_, '_>; 2]>::try_from(arguments)
        .map_err(|given| ExecutionError::invalid_argument_count(2, given.len()))?;
    let regex = GoRegex::new(as_text(&pattern)?)
        .map_err(|error| ExecutionError::function_error(MATCHES, error))?;
    Ok(CowVal::owned(CelBool::from(regex.is_match(as_text(&text)?))))
}

fn as_text<'a>(value: &'a CowVal<'_, '_>) -> Result<&'a str, ExecutionError> {
    let text = value.as_ref().downcast_ref::<CelString<'_>>();
    let text = text.ok_or_else(|| ExecutionError::function_error(MATCHES, "not a text"))?;
    Ok(text.inner())
}
