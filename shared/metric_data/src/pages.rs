//! Joining the pages of GetMetricData answers: which query has what by now, and which must be asked again. Pure.
//!
//! A page may hold some queries or all of them, and a query's points may go on on the next one. What counts is the
//! last status that CloudWatch gave a query ([`MetricDataResult`]): `Complete` means that all its points were returned,
//! `PartialData` and `InternalError` that the next page, or asking again, brings the rest. A query that no page mentions
//! has not been answered.
//!
//! [`MetricDataResult`]: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_MetricDataResult.html

use std::collections::BTreeSet;

use aws_sdk_cloudwatch::operation::get_metric_data::GetMetricDataOutput;
use aws_sdk_cloudwatch::types::{MetricDataResult, StatusCode};
use series::{Sample, Window};

use crate::Answer;
use crate::convert::{in_order, said, samples};

/// What is known of the queries of one request.
#[derive(Debug)]
pub(crate) struct Pages {
    window: Window,
    /// Ascending by the query's index.
    slots: Vec<(usize, Slot)>,
    /// Everything that CloudWatch remarked, each thing once.
    remarks: BTreeSet<String>,
}

#[derive(Debug)]
struct Slot {
    samples: Vec<Sample>,
    status: Status,
}

#[derive(Debug)]
enum Status {
    /// Not all points are here, and why.
    Open(String),
    Complete,
    Forbidden(String),
}

impl Slot {
    fn unseen() -> Self {
        Self { samples: Vec::new(), status: Status::Open("no answer to this query".to_owned()) }
    }

    fn is_open(&self) -> bool {
        matches!(self.status, Status::Open(_))
    }
}

/// The id of a query in a request: its index.
pub(crate) fn query_id(index: usize) -> String {
    format!("q{index}")
}

impl Pages {
    /// Nothing has been read yet. The indexes are ascending.
    pub(crate) fn new(queries: Vec<usize>, window: Window) -> Self {
        let slots = queries.into_iter().map(|query| (query, Slot::unseen())).collect();
        Self { window, slots, remarks: BTreeSet::new() }
    }

    /// Takes in a page; the token of the next one, if there is one.
    pub(crate) fn read(&mut self, page: GetMetricDataOutput) -> Option<String> {
        let remark = said(page.messages());
        for result in page.metric_data_results.unwrap_or_default() {
            self.read_result(&result);
        }
        if let Some(remark) = remark {
            // "As much of the operation as possible is still executed": it explains what is missing.
            for (_, slot) in self.slots.iter_mut().filter(|(_, slot)| slot.is_open()) {
                slot.status = Status::Open(remark.clone());
            }
            self.remarks.insert(remark);
        }
        page.next_token.filter(|token| !token.is_empty())
    }

    fn read_result(&mut self, result: &MetricDataResult) {
        let remark = said(result.messages());
        self.remarks.extend(remark.clone());
        let index = result.id().and_then(|id| id.strip_prefix('q')).and_then(|id| id.parse().ok());
        let slot = index
            .and_then(|index: usize| self.slots.binary_search_by_key(&index, |slot| slot.0).ok())
            .map(|at| &mut self.slots[at].1)
            .filter(|slot| !matches!(slot.status, Status::Forbidden(_)));
        let Some(slot) = slot else { return };
        slot.status = status(result, remark.as_deref());
        match slot.status {
            Status::Forbidden(_) => slot.samples = Vec::new(),
            Status::Open(_) | Status::Complete => {
                slot.samples.extend(samples(result, self.window));
            }
        }
    }

    /// The queries that are not settled, ascending.
    pub(crate) fn open(&self) -> Vec<usize> {
        self.slots.iter().filter(|(_, slot)| slot.is_open()).map(|(query, _)| *query).collect()
    }

    /// Forgets what the open queries have: they are asked again, from the first page.
    pub(crate) fn restart(&mut self) {
        for (_, slot) in self.slots.iter_mut().filter(|(_, slot)| slot.is_open()) {
            if let Status::Open(reason) = std::mem::replace(slot, Slot::unseen()).status {
                self.remarks.insert(reason);
            }
        }
    }

    /// The next page did not come: the open queries stay open because of this.
    pub(crate) fn cut_off(&mut self, reason: &str) {
        for (_, slot) in self.slots.iter_mut().filter(|(_, slot)| slot.is_open()) {
            slot.status = Status::Open(reason.to_owned());
        }
    }

    /// Keeps something that happened on the way.
    pub(crate) fn remark(&mut self, text: &str) {
        if !self.remarks.contains(text) {
            self.remarks.insert(text.to_owned());
        }
    }

    /// The answers by query, and all remarks.
    pub(crate) fn finish(self) -> (Vec<(usize, Answer)>, BTreeSet<String>) {
        let answer = |slot: Slot| match slot.status {
            Status::Open(reason) => Answer::Unanswered { reason },
            Status::Forbidden(reason) => Answer::Forbidden { reason },
            Status::Complete => Answer::Complete(in_order(slot.samples)),
        };
        let answers = self.slots.into_iter().map(|(query, slot)| (query, answer(slot))).collect();
        (answers, self.remarks)
    }
}

fn status(result: &MetricDataResult, remark: Option<&str>) -> Status {
    let because = |code: &str| match remark {
        // Most messages repeat the status as their code.
        Some(remark) if remark.starts_with(code) => remark.to_owned(),
        Some(remark) => format!("{code}: {remark}"),
        None => code.to_owned(),
    };
    match result.status_code() {
        // CloudWatch promises a value for each time; without that, nobody knows which value belongs where.
        _ if result.timestamps().len() != result.values().len() => {
            Status::Open("as many values as timestamps were promised".to_owned())
        }
        Some(StatusCode::Complete) => Status::Complete,
        Some(StatusCode::Forbidden) => Status::Forbidden(because("Forbidden")),
        Some(code) => Status::Open(because(code.as_str())),
        None => Status::Open(because("no status")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use StatusCode::{Complete, Forbidden, InternalError, PartialData};
    use aws_sdk_cloudwatch::primitives::DateTime;
    use aws_sdk_cloudwatch::types::MessageData;
    use proptest::prelude::*;
    use series::Timestamp;

    fn minute(n: i64) -> Timestamp {
        Timestamp::from_secs(n * 60)
    }

    /// Ten minutes.
    fn window() -> Window {
        Window::new(minute(0), minute(10))
    }

    fn result(query: usize, minutes: &[i64], status: StatusCode) -> MetricDataResult {
        let times = minutes.iter().map(|n| DateTime::from_secs(n * 60)).collect();
        let values = minutes.iter().map(|n| *n as f64).collect();
        MetricDataResult::builder()
            .id(query_id(query))
            .set_timestamps(Some(times))
            .set_values(Some(values))
            .status_code(status)
            .build()
    }

    fn message(code: &str, value: &str) -> MessageData {
        MessageData::builder().code(code).value(value).build()
    }

    fn page(results: Vec<MetricDataResult>, token: Option<&str>) -> GetMetricDataOutput {
        GetMetricDataOutput::builder()
            .set_metric_data_results(Some(results))
            .set_next_token(token.map(str::to_owned))
            .build()
    }

    fn minutes(minutes: impl IntoIterator<Item = i64>) -> Answer {
        let sample = |n| Sample { at: minute(n), value: n as f64 };
        Answer::Complete(minutes.into_iter().map(sample).collect())
    }

    fn unanswered(reason: &str) -> Answer {
        Answer::Unanswered { reason: reason.to_owned() }
    }

    fn answers(pages: Pages) -> Vec<Answer> {
        pages.finish().0.into_iter().map(|(_, answer)| answer).collect()
    }

    #[test]
    fn the_points_of_a_query_may_go_on_on_later_pages() {
        let mut pages = Pages::new(vec![3, 7], window());
        let first =
            page(vec![result(3, &[0, 1], Complete), result(7, &[0], PartialData)], Some("t"));
        assert_eq!(pages.read(first), Some("t".to_owned()));
        assert_eq!(pages.open(), [7]);
        assert_eq!(pages.read(page(vec![result(7, &[1, 2], Complete)], None)), None);
        assert_eq!(pages.open(), []);
        assert_eq!(answers(pages), [minutes([0, 1]), minutes([0, 1, 2])]);
    }

    #[test]
    fn a_lost_page_costs_only_the_queries_that_were_not_complete() {
        let mut pages = Pages::new(vec![0, 1, 2], window());
        pages.read(page(vec![result(0, &[0], Complete), result(1, &[0], PartialData)], Some("t")));
        pages.cut_off("ThrottlingException: Rate exceeded");
        let lost = unanswered("ThrottlingException: Rate exceeded");
        assert_eq!(answers(pages), [minutes([0]), lost.clone(), lost]);
    }

    #[test]
    fn a_query_that_no_page_mentions_is_not_answered() {
        let mut pages = Pages::new(vec![0, 1], window());
        pages.read(page(vec![result(1, &[], Complete), result(9, &[0], Complete)], None));
        assert_eq!(pages.open(), [0]);
        assert_eq!(answers(pages), [unanswered("no answer to this query"), minutes([])]);
    }

    #[test]
    fn statuses_that_are_not_complete_keep_a_query_open_and_say_why() {
        let mut pages = Pages::new(vec![0, 1, 2, 3], window());
        let mut explained = result(1, &[0], InternalError);
        explained.messages = Some(vec![message("Internal", "try later"), message("X", "y")]);
        let mut silent = result(2, &[0], Complete);
        silent.status_code = None;
        let unknown = result(3, &[0], StatusCode::from("Napping"));
        pages.read(page(vec![result(0, &[0], PartialData), explained, silent, unknown], None));
        let expected =
            ["PartialData", "InternalError: Internal: try later; X: y", "no status", "Napping"];
        assert_eq!(answers(pages), expected.map(unanswered));
    }

    #[test]
    fn what_is_asked_again_starts_from_nothing_and_leaves_the_others_alone() {
        let mut pages = Pages::new(vec![0, 1], window());
        pages.read(page(vec![result(0, &[0, 5], PartialData), result(1, &[1], Complete)], None));
        pages.restart();
        assert_eq!(pages.open(), [0]);
        pages.read(page(vec![result(0, &[0, 1], Complete)], None));
        let (answers, remarks) = pages.finish();
        assert_eq!(answers, [(0, minutes([0, 1])), (1, minutes([1]))]);
        assert_eq!(remarks.into_iter().collect::<Vec<_>>(), ["PartialData"]);
    }

    #[test]
    fn forbidden_is_final() {
        let mut pages = Pages::new(vec![0], window());
        let mut refused = result(0, &[0], Forbidden);
        refused.messages = Some(vec![message("Forbidden", "not yours")]);
        pages.read(page(vec![refused], Some("t")));
        assert_eq!(pages.open(), []);
        pages.read(page(vec![result(0, &[1], Complete)], None));
        let reason = "Forbidden: not yours".to_owned();
        assert_eq!(answers(pages), [Answer::Forbidden { reason }]);
    }

    #[test]
    fn a_message_about_the_whole_call_explains_what_is_missing() {
        let mut pages = Pages::new(vec![0, 1], window());
        let mut limited = page(vec![result(0, &[0], Complete)], None);
        limited.messages =
            Some(vec![message("MaxMetricsExceeded", "Maximum number of allowed metrics exceeded")]);
        pages.read(limited);
        let text = "MaxMetricsExceeded: Maximum number of allowed metrics exceeded";
        assert_eq!(answers(pages), [minutes([0]), unanswered(text)]);
    }

    #[test]
    fn values_without_a_time_are_no_answer() {
        let mut pages = Pages::new(vec![0], window());
        let mut odd = result(0, &[0, 1], Complete);
        odd.values = Some(vec![0.0]);
        pages.read(page(vec![odd], None));
        assert_eq!(pages.open(), [0]);
    }

    #[test]
    fn an_empty_token_is_no_token() {
        let mut pages = Pages::new(vec![], window());
        assert_eq!(pages.read(page(vec![], Some(""))), None);
    }

    proptest! {
        /// However the points of the queries are spread over pages, and in whichever order they come: nothing is lost.
        #[test]
        fn points_do_not_depend_on_where_pages_end(
            cuts in proptest::collection::vec(0usize..=10, 1..5),
            descending in any::<bool>(),
        ) {
            let mut cuts: Vec<_> = cuts.into_iter().chain([0, 10]).collect();
            cuts.sort_unstable();
            let mut all: Vec<i64> = (0..10).collect();
            if descending {
                all.reverse();
            }
            let mut pages = Pages::new(vec![0], window());
            for cut in cuts.windows(2) {
                let last = cut[1] == 10;
                let status = if last { Complete } else { PartialData };
                pages.read(page(vec![result(0, &all[cut[0]..cut[1]], status)], None));
            }
            prop_assert_eq!(answers(pages), [minutes(0..10)]);
        }
    }
}
