//! The distributions of an account.

use std::collections::BTreeMap;

use super::noise::{Noise, scramble};

/// One CloudFront distribution.
#[derive(Debug, Clone, PartialEq)]
pub struct Distribution {
    /// `E1ABCDEFGHIJKL`.
    pub id: String,
    /// `dXXXX.cloudfront.net`.
    pub domain_name: String,
    /// Alternate domain names; may be empty.
    pub aliases: Vec<String>,
    /// The owner's comment; may be empty.
    pub comment: String,
    /// Tags.
    pub tags: BTreeMap<String, String>,
    /// Whether it serves requests.
    pub enabled: bool,
    /// Whether a monitoring subscription publishes the eight additional metrics.
    pub additional_metrics: bool,
    /// Whether anybody uses it. Without traffic CloudWatch has no points at all.
    pub traffic: bool,
    /// How many requests it gets in an average minute. Below about one, minutes stay empty.
    pub requests_per_minute: f64,
}

impl Distribution {
    /// The ARN in `account`. CloudFront is global: there is no region in it.
    #[must_use]
    pub fn arn(&self, account: &str) -> String {
        format!("arn:aws:cloudfront::{account}:distribution/{}", self.id)
    }
}

/// All distributions of an account, in the order in which ListDistributions gives them.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Fleet {
    /// The distributions.
    pub distributions: Vec<Distribution>,
}

impl Fleet {
    /// A small company's account: what the demo shows.
    #[must_use]
    pub fn demo() -> Self {
        let website = Distribution {
            additional_metrics: true,
            ..distribution(1, "Website", &["www.example.com", "example.com"], 1_200.0)
        };
        let api = distribution(2, "Public API", &["api.example.com"], 640.0);
        let assets = distribution(3, "Static assets", &["static.example.com"], 4_300.0);
        let downloads = distribution(4, "Partner downloads", &[], 35.0);
        let staging = distribution(5, "Staging", &["staging.example.com"], 0.7);
        let campaign = Distribution {
            traffic: false,
            ..distribution(6, "Campaign 2024 (over)", &["summer.example.com"], 0.0)
        };
        Self { distributions: vec![website, api, assets, downloads, staging, campaign] }
    }

    /// `count` distributions with traffic in every minute, for measurements.
    #[must_use]
    pub fn sized(count: usize) -> Self {
        let distributions = (0..count)
            .map(|index| {
                let seed = 1_000 + u64::try_from(index).expect("a count of distributions");
                let alias = format!("site-{index}.example.com");
                // Never below 20: the quietest hour has 0.4 of it, and a minute without requests
                // has no points.
                let requests = Noise::seeded(&alias).between(20.0, 3_000.0, "size", 0);
                distribution(seed, &format!("Site {index}"), &[&alias], requests)
            })
            .collect();
        Self { distributions }
    }

    /// The same fleet with the additional metrics everywhere: 14 metrics a distribution instead of
    /// 6.
    #[must_use]
    pub fn with_additional_metrics(mut self) -> Self {
        for distribution in &mut self.distributions {
            distribution.additional_metrics = true;
        }
        self
    }

    /// The distribution with this id.
    #[must_use]
    pub fn get(&self, id: &str) -> Option<&Distribution> {
        self.distributions.iter().find(|distribution| distribution.id == id)
    }
}

fn distribution(seed: u64, comment: &str, aliases: &[&str], requests: f64) -> Distribution {
    let tags =
        [("Name", comment), ("Environment", if requests < 1.0 { "test" } else { "production" })];
    Distribution {
        id: format!("E{}", base36(scramble(seed))),
        domain_name: format!("d{}.cloudfront.net", base36(scramble(!seed)).to_lowercase()),
        aliases: aliases.iter().map(|&alias| alias.to_owned()).collect(),
        comment: comment.to_owned(),
        tags: tags.iter().map(|&(key, value)| (key.to_owned(), value.to_owned())).collect(),
        enabled: true,
        additional_metrics: false,
        traffic: true,
        requests_per_minute: requests,
    }
}

/// Thirteen upper-case letters and digits, as CloudFront's ids have; a bijection of 64 bits.
fn base36(mut value: u64) -> String {
    const DIGITS: &[u8; 36] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    let mut text = [b'0'; 13];
    for digit in text.iter_mut().rev() {
        *digit = DIGITS[usize::try_from(value % 36).expect("a digit")];
        value /= 36;
    }
    text.iter().map(|&digit| char::from(digit)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_demo_has_every_kind() {
        let fleet = Fleet::demo().distributions;
        assert!(fleet.iter().any(|d| !d.traffic));
        assert!(fleet.iter().any(|d| d.aliases.is_empty()));
        assert!(fleet.iter().any(|d| d.additional_metrics));
    }

    #[test]
    fn ids_are_well_formed_and_unique() {
        let fleet = Fleet::sized(3_000);
        let ids: std::collections::BTreeSet<&str> =
            fleet.distributions.iter().map(|d| d.id.as_str()).collect();
        assert_eq!(ids.len(), 3_000);
        for id in ids {
            assert!(id.len() == 14 && id.starts_with('E'), "{id}");
        }
        let first = &fleet.distributions[0];
        assert!(fleet.get(&first.id).is_some());
        assert!(
            first.domain_name.starts_with('d') && first.domain_name.ends_with(".cloudfront.net")
        );
    }
}
