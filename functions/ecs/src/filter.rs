//! Which series are kept, by their names: as a collector's filter processor does. Pure.
//!
//! What is filtered away is not asked for either, so that it costs nothing.

use series::Series;
use series::go_regex::GoRegex;

/// The names that are kept: those that one of the (anchored) expressions matches.
#[derive(Debug, Clone)]
pub(crate) struct Filter(Vec<GoRegex>);

impl Filter {
    /// A filter of these expressions.
    pub(crate) fn new(expressions: &[GoRegex]) -> Self {
        Self(expressions.to_vec())
    }

    /// Whether a series is kept.
    pub(crate) fn keeps(&self, series: &Series) -> bool {
        self.keeps_name(series.labels.name())
    }

    /// Whether series of this name are kept.
    pub(crate) fn keeps_name(&self, name: &str) -> bool {
        self.0.iter().any(|expression| expression.is_match(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filter(expressions: &[&str]) -> Filter {
        let compiled: Result<Vec<_>, _> =
            expressions.iter().map(|text| GoRegex::anchored(text)).collect();
        Filter::new(&compiled.expect("expressions"))
    }

    #[test]
    fn a_whole_name_must_match_one_of_the_expressions() {
        let filter = filter(&["ecs_service_.*_tasks", "aws_ecs_(cpu|memory_)utilization_average"]);
        for (name, kept) in [
            ("ecs_service_running_tasks", true),
            ("ecs_service_running_tasks_total", false),
            ("my_ecs_service_running_tasks", false),
            ("aws_ecs_cpuutilization_average", true),
            ("aws_ecs_memory_utilization_average", true),
            ("aws_ecs_cpuutilization_maximum", false),
        ] {
            assert_eq!(filter.keeps_name(name), kept, "{name}");
        }
    }
}
