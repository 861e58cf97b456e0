//! A sink that is down while probes go on: what they saw waits, and arrives once and in order.

use std::collections::BTreeMap;

use emulators::faults::{Fault, Rule};
use runtime::RunError;
use tests::targets::script::Line;
use tests::{World, minute};

use super::site::Site;
use super::{function, run, world};

fn site() -> Site {
    let mut site = Site::new();
    site.place("mute", site.targets.script(vec![Line::Stay]));
    site.place("nobody", site.targets.nobody());
    site.write("blackbox.yml", "modules: {tcp_connect: {prober: tcp}}");
    site.write(
        "prometheus.yml",
        "scrape_configs:
  - job_name: blackbox
    metrics_path: /probe
    params: {module: [tcp_connect]}
    static_configs: [{targets: ['{mute}', '{nobody}']}]
    relabel_configs:
      - {source_labels: [__address__], target_label: __param_target}
      - {source_labels: [__address__], target_label: instance}
",
    );
    site
}

fn bodies(world: &World) -> usize {
    world.aws.objects("hostless").iter().filter(|key| key.starts_with("spool/probe/")).count()
}

#[tokio::test]
async fn what_probes_saw_while_the_sink_was_down_arrives_once_and_in_order() {
    let site = site();
    let world = world(&site);
    let handler = function(&world, &site).await;
    run(&world, &handler, 1).await;
    world.receiver.faults().push(Rule::on("", Fault::Status(404, "gone".to_owned())).forever());
    for at in 2..=4 {
        let outcome = world.run(&handler, minute(at)).await;
        let Some(RunError::Delivery(message)) = &outcome.failure else {
            panic!("{}", outcome.report.to_json())
        };
        assert!(message.contains("nothing is lost"), "{message}");
        let sink = &outcome.report.sinks[0];
        assert_eq!((sink.sent, sink.spooled), (0, outcome.report.samples));
    }
    assert!(bodies(&world) >= 3);
    world.receiver.faults().clear();
    let outcome = run(&world, &handler, 5).await;
    assert_eq!((outcome.report.sinks[0].pending, bodies(&world)), (0, 0));
    // Each series has each minute, the failed target's too.
    let minutes: Vec<i64> = (1..=5).map(|at| minute(at).as_millis()).collect();
    for metric in ["probe_success", "probe_duration_seconds", "up", "scrape_duration_seconds"] {
        let series = world.receiver.samples(&[("__name__", metric)]);
        assert_eq!(series.len(), 2, "{metric}");
        for (labels, samples) in series {
            assert_eq!(samples.into_keys().collect::<Vec<_>>(), minutes, "{labels:?}");
        }
    }
    let repeats = world.receiver.duplicates().into_iter();
    let repeats = repeats.filter(|repeat| !repeat.labels["__name__"].starts_with("hostless_"));
    assert_eq!(repeats.count(), 0, "none twice");
    assert_eq!(world.receiver.violations(), Vec::<String>::new());
    let mut last: BTreeMap<String, i64> = BTreeMap::new();
    for request in world.receiver.accepted() {
        for series in request.decoded.iter().flat_map(|decoded| &decoded.timeseries) {
            for sample in &series.samples {
                let before = last.insert(format!("{:?}", series.labels), sample.timestamp);
                assert!(before.is_none_or(|before| before <= sample.timestamp), "in order");
            }
        }
    }
}
