//! One TLS stack: what must not stand in the dependency tree, checked on what cargo itself resolves.
//!
//! `deny.toml` bans the same crates for the platforms that it lists. This check needs nothing but cargo, takes a
//! second, and looks at all platforms and at all kinds of dependencies. It also catches what Cargo.lock alone cannot
//! show: the lock names crates (`ring` is one) that no feature in use turns on.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, bail};

use crate::run::Workspace;

/// Another TLS implementation, or a second provider of cryptography beside aws-lc-rs.
const ABSENT: [&str; 3] = ["native-tls", "openssl-sys", "ring"];
/// Two versions of these are two stacks. The AWS SDK's legacy one is rustls 0.21 over hyper 0.14.
const SINGLE: [&str; 2] = ["hyper", "rustls"];

/// Fails with all findings.
pub(crate) fn check(workspace: &Workspace) -> Result<()> {
    let tree = workspace
        .call("cargo", ["tree", "--workspace", "--edges", "normal,build,dev"])
        .args(["--target", "all", "--prefix", "none", "--format", "{p}"])
        .quiet()
        .context("failed to run `cargo tree --workspace`")?;
    let findings = findings(&tree);
    if !findings.is_empty() {
        bail!("{}", findings.join("\n"));
    }
    Ok(())
}

/// What is wrong with a tree of lines `name vVERSION …`, each with the command that shows where it comes from.
fn findings(tree: &str) -> Vec<String> {
    let mut versions: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for line in tree.lines() {
        let mut words = line.split_whitespace();
        if let (Some(name), Some(version)) = (words.next(), words.next()) {
            versions.entry(name).or_default().insert(version.trim_start_matches('v'));
        }
    }
    let of = |name: &str| versions.get(name).into_iter().flatten().copied();
    let absent = ABSENT.iter().filter(|name| of(name).next().is_some()).map(|name| {
        format!("{name} is in the tree (cargo tree --workspace --edges all --target all -i {name})")
    });
    let single = SINGLE.iter().filter(|name| of(name).count() != 1).map(|name| {
        let found = of(name).collect::<Vec<_>>().join(", ");
        format!(
            "one version of {name} is wanted, found: {found} (cargo tree --workspace --duplicates)"
        )
    });
    let legacy = of("hyper").filter(|version| version.starts_with("0.")).map(|version| {
        format!(
            "hyper {version} is the AWS SDK's legacy stack: its crates want default-features = false \
             (cargo tree --workspace --edges all --target all -i hyper@{version})"
        )
    });
    absent.chain(single).chain(legacy).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "cloudfront v0.1.0 (/a/functions/cloudfront)\nhyper v1.12.0\nrustls v0.23.46\n\nhyper v1.12.0 (*)\n";

    #[test]
    fn one_stack_is_fine() {
        assert_eq!(findings(GOOD), Vec::<String>::new());
    }

    #[test]
    fn a_second_provider_is_found() {
        let found = findings(&format!("{GOOD}ring v0.17.14\n"));
        assert_eq!(
            found,
            ["ring is in the tree (cargo tree --workspace --edges all --target all -i ring)"]
        );
    }

    #[test]
    fn the_legacy_stack_is_found_beside_the_new_one_and_alone() {
        let both = findings(&format!("{GOOD}rustls v0.21.12\nhyper v0.14.32\n")).join("\n");
        assert!(both.contains("rustls is wanted, found: 0.21.12, 0.23.46"), "{both}");
        assert!(both.contains("hyper is wanted, found: 0.14.32, 1.12.0"), "{both}");
        assert!(both.contains("-i hyper@0.14.32"), "{both}");
        let alone = findings("hyper v0.14.32\nrustls v0.23.46\n");
        assert_eq!(alone.len(), 1, "{alone:?}");
    }

    #[test]
    fn a_tree_that_could_not_be_read_is_not_a_good_one() {
        assert_eq!(findings("").len(), SINGLE.len());
    }
}
