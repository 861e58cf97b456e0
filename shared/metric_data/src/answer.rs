//! What became of the queries: one answer each, and each reason for a missing one said once. Pure.

use std::collections::{BTreeMap, BTreeSet};

use series::{Sample, SourceError};

use crate::Query;

/// What became of one query.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    /// Every point that CloudWatch has inside the window, oldest first, each time once. None is an answer too.
    Complete(Vec<Sample>),
    /// Not answered, or in part only: the caller still owes its points, and asks again in another run.
    Unanswered {
        /// Why.
        reason: String,
    },
    /// CloudWatch does not give this out, however often it is asked.
    Forbidden {
        /// What CloudWatch said.
        reason: String,
    },
}

/// What a [`fetch`](crate::fetch()) brought.
#[derive(Debug, Default)]
pub struct Fetched {
    /// The answer to each query, in the order of the queries.
    pub answers: Vec<Answer>,
    /// Why answers are missing: each reason once, with the number of queries. Empty if every answer is complete.
    pub errors: Vec<SourceError>,
    /// What CloudWatch remarked, and troubles that trying again got over: nothing is missing because of these.
    pub notices: Vec<SourceError>,
    /// The queries of all requests that CloudWatch accepted, as it bills them: a throttled or failed request counts
    /// nothing, a query that is asked again counts again, and so does each further page, since it takes a request with
    /// all the queries (AWS does not say whether those are billed; this is the upper bound).
    pub metrics_requested: u64,
}

/// What one planned request came to, with its pages and repetitions.
pub(crate) struct Asked {
    pub(crate) answers: Vec<(usize, Answer)>,
    pub(crate) remarks: BTreeSet<String>,
    pub(crate) metrics_requested: u64,
}

impl Fetched {
    /// Puts the requests' answers in the order of the queries, and says what is missing.
    pub(crate) fn join(source: &str, queries: &[Query], requests: Vec<Asked>) -> Self {
        let mut metrics_requested = 0;
        let mut remarks = BTreeSet::new();
        let mut answers = Vec::with_capacity(queries.len());
        for request in requests {
            metrics_requested += request.metrics_requested;
            remarks.extend(request.remarks);
            answers.extend(request.answers);
        }
        answers.sort_unstable_by_key(|(query, _)| *query);
        let answers: Vec<_> = answers.into_iter().map(|(_, answer)| answer).collect();

        let missing = Missing::of(&answers);
        remarks.retain(|remark| !missing.keys().any(|missing| missing.explained_by(remark)));
        let said = |message: String| SourceError::new(source, message);
        let errors = missing.iter().map(|(missing, which)| said(missing.describe(which, queries)));
        let errors = errors.collect();
        let notices = remarks.into_iter().map(said).collect();
        Self { answers, errors, notices, metrics_requested }
    }
}

/// Why answers are missing.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Missing<'a> {
    reason: &'a str,
    is_final: bool,
}

impl<'a> Missing<'a> {
    /// The queries without an answer, by reason.
    fn of(answers: &'a [Answer]) -> BTreeMap<Self, Vec<usize>> {
        let mut missing: BTreeMap<Self, Vec<usize>> = BTreeMap::new();
        for (query, answer) in answers.iter().enumerate() {
            let (reason, is_final) = match answer {
                Answer::Complete(_) => continue,
                Answer::Unanswered { reason } => (reason, false),
                Answer::Forbidden { reason } => (reason, true),
            };
            missing.entry(Self { reason, is_final }).or_default().push(query);
        }
        missing
    }

    /// Whether the reason says what the remark says.
    fn explained_by(&self, remark: &str) -> bool {
        self.reason.contains(remark)
    }

    fn describe(&self, which: &[usize], queries: &[Query]) -> String {
        let what = if self.is_final { "refused" } else { "unanswered" };
        let first =
            which.first().map(|query| queries[*query].key().to_string()).unwrap_or_default();
        match which.len() {
            0 | 1 => format!("{} ({what}: {first})", self.reason),
            count => format!("{} ({count} queries {what}, the first {first})", self.reason),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use std::time::Duration;

    use crate::{Metric, Statistic};

    fn queries(count: usize) -> Vec<Query> {
        let query = |at| Query {
            metric: Arc::new(Metric {
                namespace: "N".to_owned(),
                name: format!("M{at}"),
                dimensions: Vec::new(),
            }),
            statistic: Statistic::SUM,
            period: Duration::from_secs(60),
        };
        (0..count).map(query).collect()
    }

    fn unanswered(reason: &str) -> Answer {
        Answer::Unanswered { reason: reason.to_owned() }
    }

    fn asked(answers: Vec<(usize, Answer)>, remarks: &[&str]) -> Asked {
        let metrics_requested = answers.len() as u64;
        let remarks = remarks.iter().map(|text| (*text).to_owned()).collect();
        Asked { answers, remarks, metrics_requested }
    }

    fn texts(errors: &[SourceError]) -> Vec<&str> {
        errors.iter().map(|error| error.message.as_str()).collect()
    }

    #[test]
    fn answers_come_in_the_order_of_the_queries() {
        let complete = Answer::Complete(Vec::new());
        let requests = vec![
            asked(vec![(0, complete.clone()), (3, unanswered("PartialData"))], &["InternalError"]),
            asked(vec![(1, complete.clone()), (2, complete.clone())], &["InternalError"]),
        ];
        let fetched = Fetched::join("cloudwatch:GetMetricData:eu-west-1", &queries(4), requests);
        assert_eq!(
            fetched.answers,
            [complete.clone(), complete.clone(), complete, unanswered("PartialData")]
        );
        assert_eq!(fetched.metrics_requested, 4);
        assert_eq!(texts(&fetched.errors), ["PartialData (unanswered: N|M3||Sum)"]);
        assert_eq!(texts(&fetched.notices), ["InternalError"]);
        assert_eq!(fetched.errors[0].source, "cloudwatch:GetMetricData:eu-west-1");
    }

    #[test]
    fn one_reason_is_one_error_however_many_queries_it_cost() {
        let throttled = "ThrottlingException: Rate exceeded";
        let requests = (0..3).map(|at| {
            let answers = (at * 500..(at + 1) * 500).map(|query| (query, unanswered(throttled)));
            asked(answers.collect(), &[throttled])
        });
        let fetched = Fetched::join("cloudwatch", &queries(1500), requests.collect());
        let expected = format!("{throttled} (1500 queries unanswered, the first N|M0||Sum)");
        assert_eq!(texts(&fetched.errors), [expected]);
        assert_eq!(fetched.notices, [], "the error says it already");
    }

    #[test]
    fn what_is_refused_for_good_is_told_apart_from_what_is_owed() {
        let forbidden = Answer::Forbidden { reason: "Forbidden".to_owned() };
        let requests = vec![asked(vec![(0, forbidden), (1, unanswered("Forbidden"))], &[])];
        let fetched = Fetched::join("cloudwatch", &queries(2), requests);
        let expected = ["Forbidden (unanswered: N|M1||Sum)", "Forbidden (refused: N|M0||Sum)"];
        assert_eq!(texts(&fetched.errors), expected);
    }
}
