//! The `dns` section.

mod read;

use dial::Preference;

pub(super) use read::read_dns;

/// A DNS probe.
#[derive(Debug)]
pub(crate) struct Dns {
    pub(crate) preference: Preference,
    /// There is one, which a Lambda function cannot honour: the probe fails as unsupported.
    pub(crate) has_source_address: bool,
    pub(crate) over_tls: bool,
    pub(crate) tls: dial::Tls,
    pub(crate) transport: Transport,
    /// The code of `query_class`.
    pub(crate) query_class: u16,
    pub(crate) query_name: String,
    /// The code of `query_type`.
    pub(crate) query_type: u16,
    pub(crate) recursion_desired: bool,
    /// As written: a name that nobody knows fails the probe. Empty: `NOERROR`.
    pub(crate) valid_rcodes: Vec<String>,
    pub(crate) answer: RecordRules,
    pub(crate) authority: RecordRules,
    pub(crate) additional: RecordRules,
}

/// What a module has that does not write the section: it asks for anything about the root.
impl Default for Dns {
    fn default() -> Self {
        Self {
            preference: super::preference("", true),
            has_source_address: false,
            over_tls: false,
            tls: dial::Tls::new(config::Tls::default()),
            transport: Transport::Udp,
            query_class: read::CLASS_IN,
            query_name: String::new(),
            query_type: read::TYPE_ANY,
            recursion_desired: true,
            valid_rcodes: Vec::new(),
            answer: RecordRules::default(),
            authority: RecordRules::default(),
            additional: RecordRules::default(),
        }
    }
}

/// `transport_protocol`; the original looks at it only when probing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Transport {
    Udp,
    Tcp,
    Unknown(String),
}

/// `validate_*_rrs`. Patterns stay texts: the original compiles them when it probes, and fails the probe where that fails.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct RecordRules {
    pub(crate) fail_if_matches: Vec<String>,
    pub(crate) fail_if_all_match: Vec<String>,
    pub(crate) fail_if_not_matches: Vec<String>,
    pub(crate) fail_if_none_matches: Vec<String>,
}
