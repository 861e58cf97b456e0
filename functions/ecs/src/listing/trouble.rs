//! What went wrong in a look, in as few entries as say it. Pure.

use std::collections::BTreeSet;

use aws::Failure;
use series::SourceError;

use super::List;

/// A call that failed, and with it the list that it belongs to.
#[derive(Debug)]
pub(super) struct Trouble {
    /// `ListTasks`.
    pub(super) operation: &'static str,
    pub(super) failure: Failure,
}

/// What was found under a list of names, and what the API says of names under which it found nothing.
#[derive(Debug)]
pub(super) struct Described<T> {
    pub(super) found: Vec<T>,
    pub(super) gone: Vec<String>,
}

impl<T> Default for Described<T> {
    fn default() -> Self {
        Self { found: Vec::new(), gone: Vec::new() }
    }
}

impl<T> Described<T> {
    /// Both.
    pub(super) fn and(mut self, other: Self) -> Self {
        self.found.extend(other.found);
        self.gone.extend(other.gone);
        self
    }
}

impl Trouble {
    /// The entry of something that happened to a whole region.
    pub(super) fn of_region(self, region: &str) -> SourceError {
        SourceError::new(format!("ecs:{}:{region}", self.operation), self.failure.message)
    }

    /// Whether asking in the next run makes no difference: nobody may see this, or it is no more.
    fn is_final(&self) -> bool {
        let code = self.failure.code.as_deref();
        self.is_of_deleted_cluster() || code.is_some_and(|code| code.contains("AccessDenied"))
    }

    fn is_of_deleted_cluster(&self) -> bool {
        self.failure.code.as_deref() == Some("ClusterNotFoundException")
    }

    /// What several troubles of one cluster have in common where one thing is behind them all.
    fn cause(&self) -> &str {
        self.failure.code.as_deref().unwrap_or(&self.failure.message)
    }
}

/// What names without anything behind them come to: one entry, however many.
pub(super) fn gone(source: String, gone: &[String]) -> Option<SourceError> {
    let first = gone.first()?;
    let message = match gone.len() {
        1 => first.clone(),
        count => format!("{first} (and {} more)", count - 1),
    };
    Some(SourceError::new(source, message))
}

/// All that went wrong in one cluster.
#[derive(Debug, Default)]
pub(super) struct Troubles {
    failed: Vec<(List, Trouble)>,
    gone: Vec<(&'static str, Vec<String>)>,
}

impl Troubles {
    /// What a list holds; where it could not be had, nothing, and why is noted.
    pub(super) fn noted<T>(
        &mut self,
        list: List,
        result: Result<Described<T>, Trouble>,
    ) -> Option<Vec<T>> {
        match result {
            Ok(Described { found, gone }) => {
                self.gone.push((describing(list), gone));
                Some(found)
            }
            Err(trouble) => {
                self.failed.push((list, trouble));
                None
            }
        }
    }

    /// Whether the cluster was deleted since the clusters were listed.
    pub(super) fn are_of_deleted_cluster(&self) -> bool {
        self.failed.iter().any(|(_, trouble)| trouble.is_of_deleted_cluster())
    }

    /// The lists that could not be had now, and may be had in the next run.
    pub(super) fn owing(&self) -> BTreeSet<List> {
        let passing = self.failed.iter().filter(|(_, trouble)| !trouble.is_final());
        // Tasks that are about to stop are listed with those that did.
        let lists = passing.flat_map(|(list, _)| match list {
            List::Stopped => vec![List::Tasks, List::Stopped],
            other => vec![*other],
        });
        lists.collect()
    }

    /// One entry for each cause.
    pub(super) fn errors(&self, region: &str, cluster: &str) -> Vec<SourceError> {
        let source = |operation: &str| format!("ecs:{operation}:{region}:{cluster}");
        let causes: BTreeSet<&str> = self.failed.iter().map(|(_, one)| one.cause()).collect();
        let failed = causes.into_iter().filter_map(|cause| {
            let mut same =
                self.failed.iter().map(|(_, one)| one).filter(|one| one.cause() == cause);
            let first = same.next()?;
            let others: BTreeSet<&str> =
                same.map(|one| one.operation).filter(|name| *name != first.operation).collect();
            let others: Vec<&str> = others.into_iter().collect();
            let message = match others.is_empty() {
                true => first.failure.message.clone(),
                false => format!("{} (and so {})", first.failure.message, others.join(", ")),
            };
            Some(SourceError::new(source(first.operation), message))
        });
        let gone = self.gone.iter().filter_map(|(operation, names)| gone(source(operation), names));
        failed.chain(gone).collect()
    }
}

/// The operation that describes what a list names.
fn describing(list: List) -> &'static str {
    match list {
        List::Services => "DescribeServices",
        List::Tasks | List::Stopped => "DescribeTasks",
        List::Instances => "DescribeContainerInstances",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws::Remedy;

    fn trouble(operation: &'static str, code: Option<&str>, message: &str) -> Trouble {
        let code = code.map(str::to_owned);
        let failure = Failure { remedy: Remedy::None, code, message: message.to_owned() };
        Trouble { operation, failure }
    }

    fn denied(operation: &'static str) -> Trouble {
        trouble(operation, Some("AccessDeniedException"), &format!("may not {operation}"))
    }

    fn noted(failures: Vec<(List, Trouble)>) -> Troubles {
        let mut troubles = Troubles::default();
        for (list, trouble) in failures {
            assert_eq!(troubles.noted::<()>(list, Err(trouble)), None);
        }
        troubles
    }

    fn texts(troubles: &Troubles) -> Vec<String> {
        let errors = troubles.errors("eu-west-1", "prod");
        errors.iter().map(|error| format!("{}: {}", error.source, error.message)).collect()
    }

    #[test]
    fn one_cause_is_one_entry_however_many_lists_it_cost() {
        let troubles = noted(vec![
            (List::Services, denied("ListServices")),
            (List::Tasks, denied("ListTasks")),
            (List::Stopped, denied("ListTasks")),
            (List::Instances, trouble("ListContainerInstances", None, "no answer in time")),
        ]);
        assert_eq!(
            texts(&troubles),
            [
                "ecs:ListServices:eu-west-1:prod: may not ListServices (and so ListTasks)",
                "ecs:ListContainerInstances:eu-west-1:prod: no answer in time",
            ]
        );
        assert!(!troubles.are_of_deleted_cluster());
    }

    #[test]
    fn what_was_refused_for_good_is_not_waited_for() {
        let throttled = || trouble("ListTasks", Some("ThrottlingException"), "Rate exceeded");
        let troubles =
            noted(vec![(List::Services, denied("ListServices")), (List::Stopped, throttled())]);
        assert_eq!(troubles.owing(), BTreeSet::from([List::Tasks, List::Stopped]));
        let deleted = noted(vec![(
            List::Services,
            trouble("ListServices", Some("ClusterNotFoundException"), "Cluster not found."),
        )]);
        assert_eq!(deleted.owing(), BTreeSet::new());
        assert!(deleted.are_of_deleted_cluster());
    }

    #[test]
    fn names_without_anything_behind_them_are_one_entry() {
        let mut troubles = Troubles::default();
        let gone = ["MISSING: arn:a", "MISSING: arn:b", "MISSING: arn:c"].map(str::to_owned);
        let described = Described { found: vec![1], gone: gone.into() };
        assert_eq!(troubles.noted(List::Services, Ok(described)), Some(vec![1]));
        assert_eq!(
            texts(&troubles),
            ["ecs:DescribeServices:eu-west-1:prod: MISSING: arn:a (and 2 more)"]
        );
    }
}
