//! What holds for any bytes of a file or an answer that should be target groups: they are refused in a few words, or they
//! are groups whose labels have names, which say the same when they are written down again.

use jobs::Group;
use serde_json::json;

/// More than this nobody reads in a log.
const LONGEST_REFUSAL: usize = 2_000;

pub(crate) fn check(input: &[u8]) {
    if let Some(groups) = sound(Group::all_from_json(input)) {
        let written: Vec<_> = groups
            .iter()
            .map(|group| json!({"targets": group.targets, "labels": group.labels}))
            .collect();
        let written = json!(written).to_string();
        assert_eq!(Group::all_from_json(written.as_bytes()), Ok(groups));
    }
    sound(Group::all_from_yaml(input.to_vec()));
}

fn sound(read: Result<Vec<Group>, String>) -> Option<Vec<Group>> {
    let refusal = read.as_ref().err().map_or(0, String::len);
    assert!(refusal <= LONGEST_REFUSAL, "a refusal of {refusal} bytes");
    let groups = read.ok()?;
    let mut names = groups.iter().flat_map(|group| group.labels.keys());
    assert!(names.all(|name| !name.is_empty()));
    Some(groups)
}
