//! The series that are ours to keep: metric and names of its labels. A change of the snapshot is a change of the API.

use std::collections::{BTreeMap, BTreeSet};

use emulators::traffic::ecs::EcsFleet;

use super::{function, run, world};

#[tokio::test]
async fn the_series_are_those_of_the_catalogue_and_no_others() {
    let world = world("{container_insights: true, per_task: true}", EcsFleet::demo());
    let handler = function(&world).await;
    for at in [5, 10] {
        run(&world, &handler, at).await;
    }
    let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for mut labels in world.receiver.series().into_keys() {
        let name = labels.remove("__name__").expect("a metric name");
        found.entry(name).or_default().extend(labels.into_keys());
    }
    let line = |(name, labels): (&String, &BTreeSet<String>)| {
        format!("{name}: {}", labels.iter().cloned().collect::<Vec<_>>().join(", "))
    };
    insta::assert_snapshot!(found.iter().map(line).collect::<Vec<_>>().join("\n"));
}
