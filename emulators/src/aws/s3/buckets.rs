//! The objects themselves.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;

use md5::{Digest, Md5};

use crate::aws::error::ServiceError;
use crate::faults::locked;
use crate::sigv4::hex;

/// One stored object.
#[derive(Debug, Clone)]
pub(super) struct Object {
    pub(super) body: Vec<u8>,
    /// With its quotes.
    pub(super) etag: String,
    pub(super) modified: i64,
}

/// What must hold for a write to happen.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Condition {
    None,
    /// There is an object with this etag.
    Matches(String),
    /// There is no object.
    Absent,
}

/// All buckets; one lock, so that conditional writes are atomic.
#[derive(Debug)]
pub(crate) struct Buckets {
    named: Mutex<BTreeSet<String>>,
    objects: Mutex<BTreeMap<(String, String), Object>>,
}

impl Buckets {
    pub(crate) fn named(buckets: Vec<String>) -> Self {
        Self { named: Mutex::new(buckets.into_iter().collect()), objects: Mutex::default() }
    }

    pub(crate) fn body(&self, bucket: &str, key: &str) -> Option<Vec<u8>> {
        self.get(bucket, key).map(|object| object.body)
    }

    pub(crate) fn keys(&self, bucket: &str) -> Vec<String> {
        self.under(bucket, "").into_iter().map(|(key, _)| key).collect()
    }

    pub(crate) fn put(&self, bucket: &str, key: &str, body: Vec<u8>) {
        locked(&self.named).insert(bucket.to_owned());
        let place = (bucket.to_owned(), key.to_owned());
        locked(&self.objects).insert(place, Object::of(body));
    }

    pub(super) fn exists(&self, bucket: &str) -> bool {
        locked(&self.named).contains(bucket)
    }

    pub(super) fn get(&self, bucket: &str, key: &str) -> Option<Object> {
        locked(&self.objects).get(&(bucket.to_owned(), key.to_owned())).cloned()
    }

    /// Writes if the condition holds, and gives the new etag.
    pub(super) fn put_if(
        &self,
        bucket: &str,
        key: &str,
        body: Vec<u8>,
        condition: &Condition,
    ) -> Result<String, ServiceError> {
        let mut objects = locked(&self.objects);
        let place = (bucket.to_owned(), key.to_owned());
        match (condition, objects.get(&place)) {
            (Condition::None, _) | (Condition::Absent, None) => {}
            (Condition::Matches(etag), Some(there)) if *etag == there.etag => {}
            (Condition::Matches(_), None) => return Err(super::no_such_key()),
            (Condition::Absent | Condition::Matches(_), Some(_)) => {
                return Err(super::precondition_failed());
            }
        }
        let object = Object::of(body);
        let etag = object.etag.clone();
        objects.insert(place, object);
        Ok(etag)
    }

    pub(super) fn delete(&self, bucket: &str, key: &str) {
        locked(&self.objects).remove(&(bucket.to_owned(), key.to_owned()));
    }

    /// The objects whose keys start with `prefix`, in the order of their keys.
    pub(super) fn under(&self, bucket: &str, prefix: &str) -> Vec<(String, Object)> {
        locked(&self.objects)
            .range((bucket.to_owned(), prefix.to_owned())..)
            .take_while(|((in_bucket, key), _)| in_bucket == bucket && key.starts_with(prefix))
            .map(|((_, key), object)| (key.clone(), object.clone()))
            .collect()
    }
}

impl Object {
    fn of(body: Vec<u8>) -> Self {
        let etag = format!("\"{}\"", hex(&Md5::digest(&body)));
        Self { body, etag, modified: crate::wall_clock::now() }
    }
}

#[cfg(test)]
mod tests {
    use axum::http::StatusCode;

    use super::*;

    fn status(result: Result<String, ServiceError>) -> Option<StatusCode> {
        result.err().map(|error| error.status)
    }

    #[test]
    fn conditional_writes_hold_their_conditions() {
        let buckets = Buckets::named(vec!["b".into()]);
        let put = |body: &str, condition: &Condition| {
            buckets.put_if("b", "k", body.as_bytes().to_vec(), condition)
        };
        let early = put("0", &Condition::Matches("\"x\"".into()));
        assert_eq!(
            status(early),
            Some(StatusCode::NOT_FOUND),
            "S3 says 404 where there is nothing to match"
        );
        let first = put("1", &Condition::Absent).expect("nothing is there");
        assert_eq!(status(put("2", &Condition::Absent)), Some(StatusCode::PRECONDITION_FAILED));
        let second = put("2", &Condition::Matches(first.clone())).expect("the etag is right");
        assert_eq!(
            status(put("3", &Condition::Matches(first))),
            Some(StatusCode::PRECONDITION_FAILED)
        );
        assert_eq!(buckets.get("b", "k").expect("written").etag, second);
        assert_eq!(buckets.body("b", "k"), Some(b"2".to_vec()));
    }
}
