//! GetMetricData: every query's points, what the script does to them, and one page of the result.

use super::page::{Page, Token};
use super::query::{Query, Request};
use super::series;
use crate::aws::error::ServiceError;
use crate::aws::front::Context;
use crate::aws::protocol::node::{Node, map, time};
use crate::faults::{Affected, Fault};

/// One query's answer before it is cut into pages.
#[derive(Debug)]
pub(super) struct Answer<'a> {
    pub(super) query: &'a Query,
    /// In the order that was asked for.
    pub(super) points: Vec<(i64, f64)>,
    pub(super) status: &'static str,
    pub(super) message: Option<(&'static str, &'static str)>,
}

pub(super) fn get(context: &Context<'_>, node: &Node) -> Result<Node, ServiceError> {
    let token = node.text("NextToken")?.map(Token::read).transpose()?;
    // All pages tell of one moment, or points would move between them.
    let now = token.as_ref().map_or_else(|| context.world.now(), |token| token.now);
    let request = Request::read(node, now)?;
    let token =
        token.map_or_else(|| Ok(Token::first(&request, now)), |token| token.check(&request))?;

    let answers: Vec<Answer<'_>> = request
        .queries
        .iter()
        .enumerate()
        .filter(|(_, query)| query.return_data)
        .map(|(index, query)| answer(context, &request, index, query, now))
        .collect();
    let Page { slices, next } = Page::cut(&answers, &token, request.max_datapoints);
    let results = slices.iter().map(|slice| result(slice.answer, slice.points, slice.is_last));
    Ok(map([
        ("MetricDataResults", results.collect()),
        ("NextToken", next.map(|token| token.write()).into()),
        ("Messages", Node::List(Vec::new())),
    ]))
}

fn answer<'a>(
    context: &Context<'_>,
    request: &'a Request,
    index: usize,
    query: &'a Query,
    now: i64,
) -> Answer<'a> {
    let fault = context.fault.as_ref().filter(|fault| hits(fault, request, index, query));
    let late = match fault {
        Some(Fault::LateData(age)) => i64::try_from(age.as_secs()).unwrap_or(i64::MAX),
        _ => i64::MIN,
    };
    let mut points = series::points(context, request, query, now, late);
    let (status, message) = match fault {
        Some(Fault::PartialData(_)) => {
            points.truncate(points.len() / 2);
            ("PartialData", None)
        }
        Some(Fault::InternalError(_)) => {
            points.clear();
            ("InternalError", Some(("InternalError", "An internal error occurred. Try again.")))
        }
        Some(Fault::Forbidden(_)) => {
            points.clear();
            ("Forbidden", Some(("Forbidden", "You are not authorized to read this metric.")))
        }
        _ => ("Complete", None),
    };
    if request.newest_first {
        points.reverse();
    }
    Answer { query, points, status, message }
}

/// Whether the script means this query.
fn hits(fault: &Fault, request: &Request, index: usize, query: &Query) -> bool {
    let affected = match fault {
        Fault::PartialData(affected)
        | Fault::InternalError(affected)
        | Fault::Forbidden(affected) => affected,
        other => return matches!(other, Fault::LateData(_)),
    };
    match affected {
        Affected::All => true,
        #[expect(clippy::cast_precision_loss, reason = "at most 500 queries")]
        Affected::Share(share) => (index as f64) < share * request.queries.len() as f64,
        Affected::Ids(ids) => ids.contains(&query.id),
        Affected::Metric(text) => {
            query.metric.name == *text
                || query.metric.dimensions.values().any(|value| value == text)
        }
    }
}

/// A part of an answer that goes on on the next page says so, as CloudWatch does.
fn result(answer: &Answer<'_>, points: &[(i64, f64)], is_last: bool) -> Node {
    let status = if is_last { answer.status } else { "PartialData" };
    let messages = answer.message.map(|(code, value)| {
        Node::List(vec![map([("Code", code.into()), ("Value", value.into())])])
    });
    map([
        ("Id", answer.query.id.as_str().into()),
        ("Label", answer.query.label.as_str().into()),
        ("Timestamps", points.iter().map(|&(second, _)| time(second)).collect()),
        ("Values", points.iter().map(|&(_, value)| Node::Number(value)).collect()),
        ("StatusCode", status.into()),
        ("Messages", messages.into()),
    ])
}
