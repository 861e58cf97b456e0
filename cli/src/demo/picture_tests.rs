use super::*;

const START: i64 = 1_795_165_200;

fn sink(name: &str, sent: u64) -> SinkReport {
    SinkReport {
        sink: name.to_owned(),
        sent,
        requests: 72,
        bytes: 105_400,
        ..SinkReport::default()
    }
}

fn exact(values: u64) -> Compared {
    Compared { expected: values, right: values, ..Compared::default() }
}

/// A climb with a hole in it.
fn points(height: f64) -> Points {
    let minutes = (0..60_i32).filter(|minute| !(20..26).contains(minute));
    minutes.map(|minute| (START + 60 * i64::from(minute), height * f64::from(minute))).collect()
}

fn minutes() -> Vec<i64> {
    (START..START + 3600).step_by(60).collect()
}

fn picture() -> Picture {
    let run = |run: u32| Run {
        at: Timestamp::from_secs(START + 420 + 300 * i64::from(run)),
        spoilt: (4..6).contains(&run),
        site_is_down: (5..7).contains(&run),
        duration_ms: 100,
    };
    let calls = [("cloudwatch:GetMetricData", 14), ("ssm:GetParametersByPath", 12)];
    let calls = calls.into_iter().chain([("cloudfront:ListTagsForResource", 6), ("ssm:Other", 1)]);
    Picture {
        config: "ssm:/hostless/config",
        document: "cloudfront: {}\necs: {}\n".to_owned(),
        runs: (0..12).map(run).collect(),
        every_minutes: 5,
        window: START..START + 3600,
        gathered: vec![
            Gathered {
                from: "CloudFront",
                samples: 2_034,
                series: 40,
                resources: "6 distributions, 1 without traffic".to_owned(),
            },
            Gathered {
                from: "ECS API",
                samples: 240,
                series: 20,
                resources: "what it says at each run".to_owned(),
            },
            Gathered {
                from: "Probes",
                samples: 36,
                series: 3,
                resources: "1 site over TLS".to_owned(),
            },
        ],
        samples: 2_310,
        unposted: 36,
        metrics_a_run: 46,
        api_calls: calls.map(|(name, count)| (name.to_owned(), count)).collect(),
        sinks: vec![sink("remote_write:amp", 2_382), sink("mackerel:production", 2_274)],
        compared: vec![
            ("remote_write:amp".to_owned(), exact(2_310)),
            ("mackerel:production".to_owned(), exact(2_274)),
        ],
        violations: Vec::new(),
        remote: None,
        prometheus: vec![Graph {
            metric: "Requests",
            name: "aws_cloudfront_requests_sum".to_owned(),
            moments: minutes(),
            lines: vec![
                ("www.example.com".to_owned(), points(20.0)),
                ("api.example.com".to_owned(), Points::new()),
            ],
        }],
        mackerel: vec![Graph {
            metric: "OriginLatency",
            name: "cloudfront.origin_latency_p90.www_example_com".to_owned(),
            moments: minutes(),
            lines: vec![(String::new(), points(1.5))],
        }],
    }
}

#[test]
fn the_picture_of_a_good_hour() {
    let picture = picture();
    assert!(picture.adds_up());
    insta::assert_snapshot!(picture.draw(Style::Plain));
}

#[test]
fn no_line_is_wider_than_a_terminal() {
    for line in picture().draw(Style::Plain).lines() {
        assert!(line.chars().count() <= 80, "{line}");
    }
}

#[test]
fn paint_changes_nothing_but_colours() {
    let painted = picture().draw(Style::Coloured);
    assert!(painted.contains("\x1b[32m✔\x1b[0m"));
    let mut plain = painted;
    for code in ["0", "1", "2", "31", "32", "36"] {
        plain = plain.replace(&format!("\x1b[{code}m"), "");
    }
    let ends = |text: &str| text.lines().map(|line| line.trim_end().to_owned()).collect::<Vec<_>>();
    assert_eq!(ends(&plain), ends(&picture().draw(Style::Plain)));
}

#[test]
fn a_real_receiver_is_named_and_believed() {
    let mut picture = picture();
    let url = "http://127.0.0.1:9090/api/v1/write";
    picture.remote = Some(url.to_owned());
    picture.sinks[0].sink = url.to_owned();
    picture.compared.remove(0);
    assert!(picture.adds_up());
    let text = picture.draw(Style::Plain);
    insta::assert_snapshot!(
        [picture.delivered(Style::Plain), picture.next(Style::Plain)].join("\n")
    );
    assert!(!text.contains("--remote-write"), "that is done already");
}

type Spoil = fn(&mut Picture);

#[test]
fn whatever_does_not_add_up_is_said() {
    let wrong: [(&str, Spoil); 6] = [
        (
            "✘ remote_write:amp        2,308 of 2,310, 1 missing, none twice, 1 different, 0 invented",
            |p| {
                let half = Compared { right: 2_308, missing: 1, different: 1, ..exact(2_310) };
                p.compared[0].1 = half;
            },
        ),
        ("✘ mackerel:production     2,274 of 2,274, none missing, 3 twice", |p| {
            p.compared[1].1.twice = 3;
        }),
        ("✘ remote_write:amp refused 7 samples", |p| p.sinks[0].rejected = 7),
        ("✘ mackerel:production waits for 1 sample", |p| p.sinks[1].pending = 1),
        ("✘ mackerel:production took 2,000 of 2,274 samples", |p| p.sinks[1].sent = 2_000),
        ("✘ request 3: labels are not sorted", |p| {
            p.violations.push("request 3: labels are not sorted".to_owned());
        }),
    ];
    for (line, spoil) in wrong {
        let mut picture = picture();
        spoil(&mut picture);
        assert!(!picture.adds_up(), "{line}");
        let text = picture.draw(Style::Plain);
        assert!(text.lines().any(|drawn| drawn.trim_start() == line), "{line} is not in\n{text}");
    }
}
