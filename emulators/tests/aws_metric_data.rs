//! CloudWatch over the wire: the three protocols, settling, and what the script of faults does to
//! GetMetricData.

mod aws_client;

use std::time::Duration;

use aws_client::{Answer, Request};
use ciborium::Value as Cbor;
use emulators::aws::{AwsEmulator, Options};
use emulators::faults::{Affected, Fault, Rule};
use serde_json::{Value, json};

/// 2026-11-20T09:26:00Z.
const NOW: i64 = 1_795_166_760;
const OPERATION: &str = "cloudwatch:GetMetricData";

fn start() -> AwsEmulator {
    AwsEmulator::start(Options { now: Some(NOW), ..Options::default() })
}

fn website(emulator: &AwsEmulator) -> String {
    emulator.fleet().distributions[0].id.clone()
}

/// A GetMetricData request for these series of one distribution, from `start` to `end`.
fn request(
    distribution: &str,
    series: &[(&str, &str)],
    period: i64,
    start: i64,
    end: i64,
) -> Value {
    let queries: Vec<Value> = series
        .iter()
        .enumerate()
        .map(|(index, (metric, statistic))| {
            json!({
                "Id": format!("m{index}"),
                "MetricStat": {
                    "Metric": {
                        "Namespace": "AWS/CloudFront",
                        "MetricName": metric,
                        "Dimensions": [
                            {"Name": "DistributionId", "Value": distribution},
                            {"Name": "Region", "Value": "Global"},
                        ],
                    },
                    "Period": period,
                    "Stat": statistic,
                },
            })
        })
        .collect();
    json!({"MetricDataQueries": queries, "StartTime": start, "EndTime": end, "ScanBy": "TimestampAscending"})
}

/// Sends in awsJson 1.0, signed for `region`.
fn send_json(emulator: &AwsEmulator, region: &str, request: &Value) -> Option<Answer> {
    Request {
        method: "POST",
        path: "/",
        headers: &[
            ("content-type", "application/x-amz-json-1.0"),
            ("x-amz-target", "GraniteServiceVersion20100801.GetMetricData"),
        ],
        body: request.to_string().as_bytes(),
        service: "monitoring",
        region,
    }
    .send(emulator)
}

fn ask(emulator: &AwsEmulator, request: &Value) -> Value {
    let answer = send_json(emulator, "us-east-1", request).expect("an answer");
    assert_eq!(answer.status, 200, "{}", answer.text());
    serde_json::from_slice(&answer.body).expect("JSON")
}

/// The points of the result with this index.
fn points(answer: &Value, index: usize) -> Vec<(i64, f64)> {
    let result = &answer["MetricDataResults"][index];
    let times = result["Timestamps"].as_array().expect("timestamps").iter();
    let values = result["Values"].as_array().expect("values").iter();
    times
        .map(|time| format!("{}", time.as_f64().expect("a number")).parse().expect("whole seconds"))
        .zip(values.map(|value| value.as_f64().expect("a number")))
        .collect()
}

fn status(answer: &Value, index: usize) -> &str {
    answer["MetricDataResults"][index]["StatusCode"].as_str().expect("a status")
}

/// JSON as CBOR, with tag 1 on the two times.
fn cbor(value: &Value, name: &str) -> Cbor {
    match value {
        Value::Number(number) => {
            let integer = Cbor::Integer(number.as_i64().expect("an integer").into());
            if name.ends_with("Time") { Cbor::Tag(1, Box::new(integer)) } else { integer }
        }
        Value::String(text) => Cbor::Text(text.clone()),
        Value::Array(items) => Cbor::Array(items.iter().map(|item| cbor(item, name)).collect()),
        Value::Object(members) => Cbor::Map(
            members
                .iter()
                .map(|(name, value)| (Cbor::Text(name.clone()), cbor(value, name)))
                .collect(),
        ),
        other => panic!("not in these requests: {other}"),
    }
}

fn send_cbor(emulator: &AwsEmulator, request: &Value) -> Answer {
    let mut body = Vec::new();
    ciborium::into_writer(&cbor(request, ""), &mut body).expect("memory");
    Request {
        method: "POST",
        path: "/service/GraniteServiceVersion20100801/operation/GetMetricData",
        headers: &[
            ("content-type", "application/cbor"),
            ("smithy-protocol", "rpc-v2-cbor"),
            ("x-amzn-query-mode", "true"),
        ],
        body: &body,
        service: "monitoring",
        region: "us-east-1",
    }
    .send(emulator)
    .expect("an answer")
}

fn member<'a>(value: &'a Cbor, name: &str) -> &'a Cbor {
    let members = value.as_map().expect("a map");
    let found = members.iter().find(|(key, _)| key.as_text() == Some(name));
    &found.unwrap_or_else(|| panic!("{name} in {value:?}")).1
}

#[test]
fn cbor_answers_have_tagged_times_and_floats() {
    let emulator = start();
    let distribution = website(&emulator);
    let window = NOW - 600..NOW - 120;
    let request = request(&distribution, &[("Requests", "Sum")], 60, window.start, window.end);
    let answer = send_cbor(&emulator, &request);
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.header("content-type"), Some("application/cbor"));
    assert_eq!(answer.header("smithy-protocol"), Some("rpc-v2-cbor"));

    let body: Cbor = ciborium::from_reader(answer.body.as_slice()).expect("CBOR");
    let result = &member(&body, "MetricDataResults").as_array().expect("results")[0];
    let times = member(result, "Timestamps").as_array().expect("times").iter();
    let values = member(result, "Values").as_array().expect("values").iter();
    let got: Vec<(f64, f64)> = times
        .map(|time| match time {
            Cbor::Tag(1, seconds) => seconds.as_float().expect("a float"),
            other => panic!("not tag 1: {other:?}"),
        })
        .zip(values.map(|value| value.as_float().expect("doubles are floats, also whole ones")))
        .collect();
    let expected: Vec<(f64, f64)> = emulator
        .expected(&distribution, "Requests", "Sum", window)
        .into_iter()
        .map(|(minute, value)| (minute.to_string().parse().expect("a number"), value))
        .collect();
    assert_eq!(expected.len(), 8);
    assert_eq!(got, expected);
}

#[test]
fn cbor_errors_carry_the_code_that_query_callers_know() {
    let emulator = start();
    emulator.faults().push(Rule::on(OPERATION, Fault::Throttle));
    let request = request("E1", &[("Requests", "Sum")], 60, NOW - 60, NOW);
    let answer = send_cbor(&emulator, &request);
    assert_eq!(answer.status, 400);
    assert_eq!(answer.header("x-amzn-query-error"), Some("Throttling;Sender"));
    let body: Cbor = ciborium::from_reader(answer.body.as_slice()).expect("CBOR");
    let shape = member(&body, "__type").as_text().expect("text");
    assert!(shape.ends_with("#ThrottlingException"), "{shape}");
}

#[test]
fn the_query_protocol_gets_the_same_values_in_xml() {
    let emulator = start();
    let distribution = website(&emulator);
    let query = "MetricDataQueries.member.1.MetricStat";
    let form = format!(
        "Action=GetMetricData&Version=2010-08-01&StartTime=2026-11-20T09:20:00Z&EndTime=2026-11-20T09:21:00Z\
         &MetricDataQueries.member.1.Id=q&{query}.Period=60&{query}.Stat=Sum\
         &{query}.Metric.Namespace=AWS%2FCloudFront&{query}.Metric.MetricName=Requests\
         &{query}.Metric.Dimensions.member.1.Name=Region&{query}.Metric.Dimensions.member.1.Value=Global\
         &{query}.Metric.Dimensions.member.2.Name=DistributionId\
         &{query}.Metric.Dimensions.member.2.Value={distribution}"
    );
    let answer = Request {
        method: "POST",
        path: "/",
        headers: &[("content-type", "application/x-www-form-urlencoded")],
        body: form.as_bytes(),
        service: "monitoring",
        region: "us-east-1",
    }
    .send(&emulator)
    .expect("an answer")
    .text();
    let expected = emulator.expected(&distribution, "Requests", "Sum", NOW - 360..NOW - 300);
    let values = format!("<Values><member>{}</member></Values>", expected[0].1);
    assert!(answer.contains(&values), "{answer}");
    assert!(
        answer.contains("<Timestamps><member>2026-11-20T09:20:00Z</member></Timestamps>"),
        "{answer}"
    );
}

#[test]
fn newest_points_are_absent_then_growing_then_final() {
    let emulator = start();
    let distribution = website(&emulator);
    let minute = NOW - 300;
    let request = request(&distribution, &[("Requests", "Sum")], 60, minute, minute + 60);
    let at = |now: i64| {
        emulator.set_now(Some(now));
        points(&ask(&emulator, &request), 0).first().map(|&(_, value)| value)
    };
    let settled = emulator.expected(&distribution, "Requests", "Sum", minute..minute + 60)[0].1;
    assert_eq!(at(minute + 59), None, "the minute is not over");
    let early = at(minute + 60).expect("a first value");
    let later = at(minute + 150).expect("a second value");
    assert!(early < later && later < settled, "{early} {later} {settled}");
    assert_eq!(at(minute + 180), Some(settled));

    emulator.set_settling(Duration::from_secs(240), Duration::from_secs(600));
    assert_eq!(at(minute + 180), None);
}

#[test]
fn longer_periods_aggregate_their_minutes() {
    let emulator = start();
    let distribution = website(&emulator);
    let (start, end) = (NOW - 960, NOW - 360);
    let series = [("Requests", "Sum"), ("TotalErrorRate", "Average"), ("Requests", "Maximum")];
    let answer = ask(&emulator, &request(&distribution, &series, 300, start, end));
    let minutes =
        |metric, statistic| emulator.expected(&distribution, metric, statistic, start..start + 300);
    let requests = minutes("Requests", "Sum");
    let total: f64 = requests.iter().map(|(_, value)| value).sum();
    assert_eq!(points(&answer, 0).len(), 2);
    assert_eq!(points(&answer, 0)[0], (start, total));
    let errors: f64 = minutes("TotalErrorRate", "Average")
        .iter()
        .zip(&requests)
        .map(|((_, rate), (_, n))| rate * n)
        .sum();
    let (_, average) = points(&answer, 1)[0];
    assert!((average - errors / total).abs() < 1e-9, "{average}");
    let largest = requests.iter().map(|&(_, value)| value).fold(0.0, f64::max);
    assert_eq!(points(&answer, 2)[0], (start, largest));
}

#[test]
fn only_the_exact_dimensions_in_us_east_1_have_points() {
    let emulator = start();
    let distribution = website(&emulator);
    let right = request(&distribution, &[("Requests", "Sum")], 60, NOW - 600, NOW - 300);
    assert_eq!(points(&ask(&emulator, &right), 0).len(), 5);
    let elsewhere = send_json(&emulator, "eu-west-1", &right).expect("an answer");
    let elsewhere: Value = serde_json::from_slice(&elsewhere.body).expect("JSON");
    assert_eq!(points(&elsewhere, 0), []);
    assert_eq!(status(&elsewhere, 0), "Complete");
    let mut fewer = right.clone();
    fewer["MetricDataQueries"][0]["MetricStat"]["Metric"]["Dimensions"]
        .as_array_mut()
        .expect("dimensions")
        .pop();
    assert_eq!(points(&ask(&emulator, &fewer), 0), []);
}

#[test]
fn faults_hit_the_queries_they_name() {
    let emulator = start();
    let distribution = website(&emulator);
    let series = [("Requests", "Sum"), ("BytesDownloaded", "Sum"), ("BytesUploaded", "Sum")];
    let request = request(&distribution, &series, 60, NOW - 720, NOW - 120);
    let requests = Affected::Metric("Requests".to_owned());
    for (fault, expected_status, expected_points) in [
        (Fault::PartialData(requests.clone()), "PartialData", 5),
        (Fault::InternalError(requests.clone()), "InternalError", 0),
        (Fault::Forbidden(requests), "Forbidden", 0),
        (Fault::PartialData(Affected::Share(0.3)), "PartialData", 5),
        (Fault::InternalError(Affected::Ids(vec!["m0".to_owned()])), "InternalError", 0),
    ] {
        emulator.faults().push(Rule::on(OPERATION, fault.clone()));
        let answer = ask(&emulator, &request);
        assert_eq!(status(&answer, 0), expected_status, "{fault:?}");
        assert_eq!(points(&answer, 0).len(), expected_points, "{fault:?}");
        assert_eq!((status(&answer, 1), points(&answer, 1).len()), ("Complete", 10), "{fault:?}");
        assert_eq!(status(&ask(&emulator, &request), 0), "Complete", "the rule is used up");
    }
    emulator.faults().push(Rule::on(OPERATION, Fault::LateData(Duration::from_secs(300))));
    assert_eq!(points(&ask(&emulator, &request), 0).len(), 7, "three minutes are younger");
}

#[test]
fn a_dropped_page_fails_the_second_page_alone() {
    let emulator = start();
    let mut request =
        request(&website(&emulator), &[("Requests", "Sum")], 60, NOW - 720, NOW - 120);
    request["MaxDatapoints"] = 4.into();
    emulator.faults().push(Rule::on(OPERATION, Fault::DropPage));
    let first = ask(&emulator, &request);
    assert_eq!(points(&first, 0).len(), 4);
    assert_eq!(status(&first, 0), "PartialData");
    request["NextToken"] = first["NextToken"].clone();
    let dropped = send_json(&emulator, "us-east-1", &request).expect("an answer");
    assert_eq!(dropped.status, 500);
    let again = ask(&emulator, &request);
    assert_eq!(points(&again, 0).len(), 4);
    assert_ne!(points(&first, 0), points(&again, 0));

    let mut other = request.clone();
    other["EndTime"] = NOW.into();
    let refused = send_json(&emulator, "us-east-1", &other).expect("an answer");
    assert!(refused.text().contains("InvalidNextToken"), "{}", refused.text());
}

#[test]
fn connections_are_cut_before_and_after_the_work() {
    let emulator = start();
    let request = request(&website(&emulator), &[("Requests", "Sum")], 60, NOW - 720, NOW - 120);
    for fault in [Fault::CutConnection, Fault::CutAfter] {
        emulator.faults().push(Rule::on(OPERATION, fault));
        assert!(send_json(&emulator, "us-east-1", &request).is_none(), "no byte of an answer");
    }
    assert!(send_json(&emulator, "us-east-1", &request).is_some());
    assert_eq!(emulator.call_log().count(OPERATION), 3, "cut calls are calls");
}
