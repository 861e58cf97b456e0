//! Which names an expression may use: `body`, the variables of its own comprehensions, the names of types, and the functions
//! of the language.

use cel::common::ast::{ComprehensionExpr, EntryExpr, Expr, operators};
use cel::parser::Expression;

/// How deep an expression may be; chains of `&&` and `||` are balanced and do not count. Each level costs stack when it is
/// evaluated: 45 KB without optimization, of the 2 MB that a test has.
const DEEPEST: usize = 32;

/// Names of types, which are values: `type(body.a) == double`.
const TYPES: [&str; 10] =
    ["bool", "bytes", "double", "int", "list", "map", "null_type", "string", "type", "uint"];

/// Functions, with how many arguments they take.
const FUNCTIONS: [(&str, usize); 10] = [
    ("bool", 1),
    ("bytes", 1),
    ("double", 1),
    ("dyn", 1),
    ("int", 1),
    ("matches", 2),
    ("size", 1),
    ("string", 1),
    ("type", 1),
    ("uint", 1),
];

/// Functions that are called on a value.
const METHODS: [(&str, usize); 5] =
    [("contains", 1), ("endsWith", 1), ("matches", 1), ("size", 0), ("startsWith", 1)];

/// What the language has and we have not.
const TIMES: [&str; 12] = [
    "duration",
    "getDate",
    "getDayOfMonth",
    "getDayOfWeek",
    "getDayOfYear",
    "getFullYear",
    "getHours",
    "getMilliseconds",
    "getMinutes",
    "getMonth",
    "getSeconds",
    "timestamp",
];

/// As the parser names them.
const OPERATORS: [&str; 19] = [
    operators::ADD,
    operators::CONDITIONAL,
    operators::DIVIDE,
    operators::EQUALS,
    operators::GREATER,
    operators::GREATER_EQUALS,
    operators::IN,
    operators::INDEX,
    operators::LESS,
    operators::LESS_EQUALS,
    operators::LOGICAL_AND,
    operators::LOGICAL_NOT,
    operators::LOGICAL_OR,
    operators::MODULO,
    operators::MULTIPLY,
    operators::NEGATE,
    operators::NOT_EQUALS,
    operators::NOT_STRICTLY_FALSE,
    operators::SUBSTRACT,
];

/// Refuses names that nobody declared.
pub(super) fn check(expression: &Expression) -> Result<(), String> {
    Scope { variables: vec!["body"], depth: 0 }.check(expression)
}

/// The variables at one place of the expression.
struct Scope<'e> {
    variables: Vec<&'e str>,
    depth: usize,
}

impl<'e> Scope<'e> {
    fn check(&mut self, expression: &'e Expression) -> Result<(), String> {
        if self.depth >= DEEPEST {
            return Err("the expression nests too deeply".to_owned());
        }
        self.depth += 1;
        self.check_parts(expression)?;
        self.depth -= 1;
        Ok(())
    }

    fn check_parts(&mut self, expression: &'e Expression) -> Result<(), String> {
        match &expression.expr {
            Expr::Unspecified => Err("an expression is missing".to_owned()),
            Expr::Literal(_) => Ok(()),
            Expr::Ident(name) => self.check_name(name),
            Expr::Select(select) => self.check(&select.operand),
            Expr::List(list) => self.check_all(&list.elements),
            Expr::Map(map) => map.entries.iter().try_for_each(|entry| match &entry.expr {
                EntryExpr::StructField(field) => self.check(&field.value),
                EntryExpr::MapEntry(entry) => {
                    self.check(&entry.key)?;
                    self.check(&entry.value)
                }
            }),
            Expr::Struct(written) => Err(undeclared(&written.type_name)),
            Expr::Comprehension(comprehension) => self.check_comprehension(comprehension),
            Expr::Call(call) => {
                check_call(&call.func_name, call.target.is_some(), call.args.len())?;
                call.target.as_ref().map_or(Ok(()), |target| self.check(target))?;
                self.check_all(&call.args)
            }
        }
    }

    fn check_all(&mut self, expressions: &'e [Expression]) -> Result<(), String> {
        expressions.iter().try_for_each(|expression| self.check(expression))
    }

    fn check_name(&self, name: &str) -> Result<(), String> {
        // A leading dot makes a name absolute.
        let name = name.strip_prefix('.').unwrap_or(name);
        let is_known = self.variables.contains(&name) || TYPES.contains(&name);
        is_known.then_some(()).ok_or_else(|| undeclared(name))
    }

    fn check_comprehension(&mut self, own: &'e ComprehensionExpr) -> Result<(), String> {
        let ComprehensionExpr {
            iter_range,
            iter_var,
            iter_var2,
            accu_var,
            accu_init,
            loop_cond,
            loop_step,
            result,
        } = own;
        self.check(iter_range)?;
        self.check(accu_init)?;
        let outer = self.variables.len();
        self.variables.push(accu_var);
        self.check(result)?;
        self.variables.push(iter_var);
        self.variables.extend(iter_var2.as_deref());
        self.check(loop_cond)?;
        self.check(loop_step)?;
        self.variables.truncate(outer);
        Ok(())
    }
}

fn check_call(name: &str, is_method: bool, arguments: usize) -> Result<(), String> {
    if !is_method && OPERATORS.contains(&name) {
        return Ok(());
    }
    if TIMES.contains(&name) {
        return Err(format!("{name}() is not supported; compare the texts of times"));
    }
    let known = if is_method { &METHODS[..] } else { &FUNCTIONS };
    let own: Vec<usize> =
        known.iter().filter(|(own, _)| *own == name).map(|(_, count)| *count).collect();
    match own.first() {
        None => Err(undeclared(name)),
        Some(count) if *count != arguments => {
            Err(format!("{name}() takes {count} arguments, not {arguments}"))
        }
        Some(_) => Ok(()),
    }
}

fn undeclared(name: &str) -> String {
    let name: String = name.chars().take(64).collect();
    format!("undeclared reference to '{}'; there is body", name.escape_debug())
}
