//! What every kind of store must do, against memory, a folder, and S3 as the emulator plays it.

use std::collections::BTreeMap;

use aws::Aws;
use bytes::Bytes;
use clock::Clock;
use emulators::aws::{AwsEmulator, Options};
use emulators::faults::{Fault, Rule};
use http::Factory;
use store::{Expect, LocationError, PutError, Store, StoreError};
use tempfile::TempDir;

/// The stores, with what must live as long as they.
struct Bench {
    emulator: AwsEmulator,
    aws: Aws,
    factory: Factory,
    folder: TempDir,
}

impl Bench {
    async fn new() -> Self {
        let emulator = AwsEmulator::start(Options::default());
        let environment: BTreeMap<String, String> = emulator.environment().into_iter().collect();
        let lookup = |name: &str| environment.get(name).cloned();
        let factory = Factory::new(&lookup).expect("a factory");
        let aws = Aws::load(factory.sdk_client(), Clock::System, &lookup).await;
        let folder = tempfile::tempdir().expect("a folder");
        Self { emulator, aws, factory, folder }
    }

    fn open(&self, location: &str) -> Store {
        Store::open(location, &self.factory, Some(&self.aws)).expect("a store")
    }

    fn s3(&self) -> Store {
        self.open("s3://hostless/some/prefix")
    }

    fn folder(&self) -> Store {
        self.open(&format!("file:{}", self.folder.path().join("not/yet").display()))
    }

    fn all(&self) -> [(&'static str, Store); 3] {
        [("memory", Store::memory()), ("folder", self.folder()), ("s3", self.s3())]
    }
}

fn conflict(result: &Result<store::Version, PutError>) -> bool {
    matches!(result, Err(PutError::Conflict(_)))
}

#[tokio::test]
async fn what_was_put_is_there_and_what_was_deleted_is_not() {
    let bench = Bench::new().await;
    for (kind, store) in bench.all() {
        let key = "state/cloudfront/0";
        assert!(store.get(key).await.expect("readable").is_none(), "{kind}");
        let version = store.put(key, "one", Expect::Absent).await.expect("written");
        let (body, read) = store.get(key).await.expect("readable").expect("there");
        assert_eq!((body, read), (Bytes::from("one"), version.clone()), "{kind}");
        let second =
            store.put(key, "two", Expect::Version(version.clone())).await.expect("written");
        assert_ne!(second, version, "{kind}");
        store.delete(key).await.expect("deleted");
        store.delete(key).await.expect("deleted once more");
        assert!(store.get(key).await.expect("readable").is_none(), "{kind}");
    }
}

#[tokio::test]
async fn a_write_that_expects_something_else_is_a_conflict() {
    let bench = Bench::new().await;
    for (kind, store) in bench.all() {
        let first = store.put("key", "one", Expect::Absent).await.expect("written");
        assert!(conflict(&store.put("key", "x", Expect::Absent).await), "{kind}: it is there");
        store.put("key", "two", Expect::Version(first.clone())).await.expect("written");
        let old = Expect::Version(first.clone());
        assert!(conflict(&store.put("key", "x", old.clone()).await), "{kind}: it has moved on");
        assert!(conflict(&store.put("other", "x", old).await), "{kind}: it is not there");
        let (body, _) = store.get("key").await.expect("readable").expect("there");
        assert_eq!(body, "two", "{kind}");
    }
}

/// Each writer adds one as often as it can, reading again after each conflict: nobody's addition is lost.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_update_of_concurrent_writers_is_lost() {
    const WRITERS: u64 = 4;
    const ADDITIONS: u64 = 5;
    let bench = Bench::new().await;
    for (kind, store) in bench.all() {
        let writers = (0..WRITERS).map(|_| {
            let store = store.clone();
            tokio::spawn(async move {
                for _ in 0..ADDITIONS {
                    while !add_one(&store).await {}
                }
            })
        });
        for writer in writers.collect::<Vec<_>>() {
            writer.await.expect("it adds");
        }
        let (body, _) = store.get("sum").await.expect("readable").expect("there");
        assert_eq!(body, (WRITERS * ADDITIONS).to_string(), "{kind}");
    }
}

/// Says whether nobody else was faster.
async fn add_one(store: &Store) -> bool {
    let (sum, expect) = match store.get("sum").await.expect("readable") {
        None => (0, Expect::Absent),
        Some((body, version)) => {
            let text = std::str::from_utf8(&body).expect("text");
            (text.parse::<u64>().expect("a number"), Expect::Version(version))
        }
    };
    match store.put("sum", (sum + 1).to_string(), expect).await {
        Ok(_) => true,
        Err(PutError::Conflict(_)) => false,
        Err(error) => panic!("{error}"),
    }
}

#[tokio::test]
async fn keys_below_a_prefix_come_in_the_order_of_their_names() {
    let bench = Bench::new().await;
    for (kind, store) in bench.all() {
        let keys = ["spool/b/2", "spool/a:x/1 y", "spool/b/10", "spoolers", "state"];
        for key in keys {
            store.put(key, key, Expect::Absent).await.expect("written");
        }
        let spool = ["spool/a:x/1 y", "spool/b/10", "spool/b/2"];
        assert_eq!(store.list("spool").await.expect("listed"), spool, "{kind}");
        assert_eq!(store.list("spool/").await.expect("listed"), spool, "{kind}");
        let all = ["spool/a:x/1 y", "spool/b/10", "spool/b/2", "spoolers", "state"];
        assert_eq!(store.list("").await.expect("listed"), all, "{kind}");
        assert!(store.list("nothing").await.expect("listed").is_empty(), "{kind}");
    }
}

#[tokio::test]
async fn documents_are_read_in_the_order_of_their_names_without_empty_ones() {
    let bench = Bench::new().await;
    for (kind, store) in bench.all() {
        for (key, body) in [("config/b.yml", "b"), ("config/a.yml", "a"), ("config/c", "")] {
            store.put(key, body, Expect::Absent).await.expect("written");
        }
        let documents = store.documents("config").await.expect("read");
        let expected = [("config/a.yml", "a"), ("config/b.yml", "b")]
            .map(|(key, body)| (key.to_owned(), Bytes::from(body)));
        assert_eq!(documents, expected, "{kind}");
        let one = store.documents("config/b.yml").await.expect("read");
        assert_eq!(one, expected[1..], "{kind}: the object of that very name");
    }
}

#[tokio::test]
async fn a_key_that_leads_elsewhere_is_refused() {
    let bench = Bench::new().await;
    for (kind, store) in bench.all() {
        for key in ["../state", "a//b", "a/./b", "a\nb"] {
            let refused = store.get(key).await;
            assert!(matches!(refused, Err(StoreError::Key(_))), "{kind}: {key:?} {refused:?}");
        }
    }
    let own = bench.folder().get(".hostless/lock").await;
    assert!(matches!(own, Err(StoreError::Key(_))), "{own:?}");
}

#[tokio::test]
async fn a_folder_outlives_its_store_and_ignores_what_a_dead_writer_left() {
    let bench = Bench::new().await;
    bench.folder().put("key", "one", Expect::Absent).await.expect("written");
    let own = bench.folder.path().join("not/yet/.hostless");
    std::fs::write(own.join("writing"), "half of someth").expect("left behind");
    let store = bench.folder();
    let (body, version) = store.get("key").await.expect("readable").expect("there");
    assert_eq!(body, "one");
    store.put("key", "two", Expect::Version(version)).await.expect("written");
    assert_eq!(store.list("").await.expect("listed"), ["key"]);
}

#[tokio::test]
async fn s3_keeps_objects_below_the_prefix_and_counts_its_calls() {
    let bench = Bench::new().await;
    let store = bench.s3();
    store.put("a/b", "body", Expect::Absent).await.expect("written");
    store.get("a/b").await.expect("readable");
    store.list("a").await.expect("listed");
    store.delete("a/b").await.expect("deleted");
    assert_eq!(bench.emulator.objects("hostless"), Vec::<String>::new());
    store.put("a/b", "body", Expect::Absent).await.expect("written");
    assert_eq!(bench.emulator.objects("hostless"), ["some/prefix/a/b"]);
    let calls = bench.aws.calls().take();
    assert_eq!(calls["s3:PutObject"], 2);
    assert_eq!(calls["s3:GetObject"], 1);
    assert_eq!(calls["s3:ListObjectsV2"], 1);
    assert_eq!(calls.iter().filter(|(call, _)| call.starts_with("s3:Delete")).count(), 1);
}

#[tokio::test]
async fn a_bucket_that_does_not_exist_is_no_first_run() {
    let bench = Bench::new().await;
    let store = bench.open("s3://no-such-bucket/prefix");
    let error = store.get("state").await.expect_err("no bucket");
    assert!(matches!(error, StoreError::Failed { .. }), "{error:?}");
}

#[tokio::test]
async fn an_attempt_that_fails_is_made_again_and_counted() {
    let bench = Bench::new().await;
    let store = bench.s3();
    store.put("state", "body", Expect::Absent).await.expect("written");
    bench.aws.calls().take();
    bench.emulator.faults().push(Rule::on("s3:GetObject", Fault::CutConnection).times(1));
    let (body, _) = store.get("state").await.expect("readable").expect("there");
    assert_eq!(body, "body");
    assert_eq!(bench.aws.calls().take()["s3:GetObject"], 2);
}

#[tokio::test]
async fn s3_without_aws_is_refused() {
    let bench = Bench::new().await;
    let refused = Store::open("s3://bucket", &bench.factory, None);
    assert!(matches!(refused, Err(LocationError::Aws { .. })), "{refused:?}");
}
