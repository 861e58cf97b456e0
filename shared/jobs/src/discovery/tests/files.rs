use std::fs;

use super::{ask, discovery, job_in, labels, targets, targets_despite};

#[tokio::test]
async fn files_of_both_kinds_are_read_and_say_where_they_are() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::create_dir(folder.path().join("sd")).expect("a folder");
    let json = r#"[{"targets": ["j:1", "j:2"], "labels": {"team": "web"}}, {"targets": []}]"#;
    fs::write(folder.path().join("sd/a.json"), json).expect("a file");
    fs::write(folder.path().join("sd/b.yml"), "- targets: [y:1]\n  labels: {n: 5}\n")
        .expect("a file");
    fs::write(folder.path().join("sd/c.txt"), "no targets").expect("a file");
    let job =
        job_in(folder.path(), "file_sd_configs: [{files: ['sd/*.yml', sd/a.json, 'sd/?.json']}]");
    let (groups, errors) = ask(&discovery(), &job, 0).await.expect("known");
    assert!(errors.is_empty(), "{errors:?}");
    let (yaml, json) = (folder.path().join("sd/b.yml"), folder.path().join("sd/a.json"));
    let (yaml, json) = (yaml.display().to_string(), json.display().to_string());
    assert_eq!(groups[0].labels, labels(&[("__meta_filepath", &yaml), ("n", "5")]));
    assert_eq!(groups[0].source, format!("{yaml}:0"));
    assert_eq!(groups[1].labels, labels(&[("__meta_filepath", &json), ("team", "web")]));
    assert_eq!(groups[1].targets, ["j:1", "j:2"]);
    assert_eq!(groups[2].source, format!("{json}:1"));
}

#[tokio::test]
async fn a_file_is_read_again_when_its_time_is_over() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("t.yml");
    let job = job_in(folder.path(), "file_sd_configs: [{files: ['*.yml'], refresh_interval: 2m}]");
    let discovery = discovery();
    assert!(targets(&discovery, &job, 0).await.is_empty(), "no file is no error for a pattern");
    fs::write(&file, "[{targets: [a]}]").expect("a file");
    assert!(targets(&discovery, &job, 107).await.is_empty());
    assert_eq!(targets(&discovery, &job, 108).await, ["a"]);
    fs::write(&file, "[{targets: [b]}]").expect("a file");
    assert_eq!(targets(&discovery, &job, 180).await, ["a"]);
    assert_eq!(targets(&discovery, &job, 240).await, ["b"]);
    fs::remove_file(&file).expect("it was there");
    assert!(targets(&discovery, &job, 360).await.is_empty(), "what is gone is no target any more");
}

#[tokio::test]
async fn a_file_that_fails_keeps_its_targets_and_is_read_again_at_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let (good, bad) = (folder.path().join("a.yml"), folder.path().join("b.json"));
    fs::write(&good, "[{targets: [a]}]").expect("a file");
    fs::write(&bad, r#"[{"targets": ["b"]}]"#).expect("a file");
    let job = job_in(folder.path(), "file_sd_configs: [{files: [a.yml, b.json]}]");
    let discovery = discovery();
    assert_eq!(targets(&discovery, &job, 0).await, ["a", "b"]);
    fs::write(&good, "[{targets: [a2]}]").expect("a file");
    fs::write(&bad, r#"[{"targets": ["#).expect("a file");
    let (known, error) = targets_despite(&discovery, &job, 300).await;
    assert_eq!(known, ["a2", "b"]);
    assert!(error.contains("b.json: not target groups: EOF while parsing"), "{error}");
    fs::write(&bad, r#"[{"targets": ["b2"]}]"#).expect("a file");
    assert_eq!(targets(&discovery, &job, 301).await, ["a2", "b2"]);
}

#[tokio::test]
async fn a_job_that_changed_starts_anew() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("a.yml"), "[{targets: [a]}]").expect("a file");
    let discovery = discovery();
    let before = job_in(folder.path(), "file_sd_configs: [{files: [a.yml]}]");
    assert_eq!(targets(&discovery, &before, 0).await, ["a"]);
    let after = job_in(folder.path(), "file_sd_configs: [{files: [b.yml]}]");
    assert!(ask(&discovery, &after, 0).await.is_err(), "another file's targets are not these");
}

#[tokio::test]
async fn a_file_that_is_too_long_is_not_read() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = fs::File::create(folder.path().join("a.json")).expect("a file");
    file.set_len(17 << 20).expect("a sparse file");
    let job = job_in(folder.path(), "file_sd_configs: [{files: [a.json]}]");
    let error = ask(&discovery(), &job, 0).await.expect_err("nothing is known");
    assert!(error.message.contains("at most 16777216 are read"), "{error:?}");
}
