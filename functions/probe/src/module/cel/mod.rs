//! CEL expressions over a JSON body, compiled when the configuration is read. The one variable is `body`, of any type, and
//! the functions are those of the language itself, as in the original.
//!
//! Crate `cel` parses and evaluates; it stays behind this module. It has no checker, so `declared` refuses what the original's
//! checker would: names that nobody declared. Types are not checked before the evaluation: `1 + 'a'` fails the probe and not
//! the configuration. Its functions for times are left out (they bring all time zones along), and so is its `matches`, which
//! would take Rust's regular expressions: ours takes Go's.

mod declared;
mod functions;
mod json;

use std::fmt;
use std::sync::{Arc, LazyLock};

use cel::parser::{Expression, PrattParser};
use cel::{Context, Env, Value};

/// Longer expressions are refused. The longest that people write have some hundred characters.
const LONGEST: usize = 10_000;

/// What can put one expression inside of another: chains are as deep as they are long, and each level costs some stack when
/// it is parsed and dropped.
const NESTING: &str = ".?!-+*/%[({<>=&|";

/// Expressions with more of these are refused.
const MOST_NESTING: usize = 500;

/// How deep brackets may nest.
const DEEPEST_BRACKETS: u16 = 32;

/// How many parts the expansion of comprehensions may make.
const MOST_PARTS: usize = 10_000;

/// Longer messages are cut: they may hold parts of the body.
const LONGEST_MESSAGE: usize = 200;

static ENVIRONMENT: LazyLock<Arc<Env>> = LazyLock::new(|| Arc::new(functions::environment()));

/// A compiled expression with the one variable `body`. A clone is cheap, so that another thread can evaluate it.
#[derive(Clone)]
pub(crate) struct CelProgram {
    /// As written.
    pub(crate) expression: Arc<str>,
    parsed: Arc<Expression>,
}

impl CelProgram {
    /// Compiles an expression; an error says what is wrong with it.
    pub(crate) fn compile(expression: &str) -> Result<Self, String> {
        let nesting = expression.chars().filter(|c| NESTING.contains(*c)).count();
        if expression.len() > LONGEST || nesting > MOST_NESTING {
            return Err("the expression is too large".to_owned());
        }
        let parser = PrattParser::new()
            .max_recursion_depth(DEEPEST_BRACKETS)
            .max_expression_node_count(MOST_PARTS);
        let parsed = parser.parse(expression).map_err(|errors| {
            let first = errors.errors.first();
            first.map_or_else(|| errors.to_string(), |first| first.msg.clone())
        })?;
        declared::check(&parsed)?;
        Ok(Self { expression: expression.into(), parsed: Arc::new(parsed) })
    }

    /// Whether the expression is true of a JSON body; an error where it cannot be evaluated, or gives no boolean.
    pub(crate) fn matches(&self, body: &[u8]) -> Result<bool, String> {
        let body = json::value(body)?;
        let mut context = Context::with_env(Arc::clone(&ENVIRONMENT));
        context.add_variable_from_value("body", body);
        match Value::resolve(&self.parsed, &context) {
            Ok(Value::Bool(outcome)) => Ok(outcome),
            Ok(other) => Err(format!("the expression gives {}, not a boolean", other.type_of())),
            Err(error) => Err(cut(error.to_string())),
        }
    }
}

impl fmt::Debug for CelProgram {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("CelProgram").field(&self.expression).finish()
    }
}

fn cut(mut message: String) -> String {
    if message.len() > LONGEST_MESSAGE {
        message.truncate(message.floor_char_boundary(LONGEST_MESSAGE));
        message.push('…');
    }
    message
}

#[cfg(test)]
mod tests;
