//! Roles: other accounts to read with, as sections of the configuration name them.

use config::{Findings, Node};

/// A role to read another account with.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Role {
    /// `arn:aws:iam::123456789012:role/name`.
    pub role_arn: String,
    /// What the other account's trust policy asks for, if it does.
    pub external_id: Option<String>,
}

impl Role {
    /// Reads the value of a key `roles`: a list of `{role_arn, external_id}`. One that stands twice is an error.
    pub fn read_list(node: &Node, findings: &mut Findings) -> Vec<Self> {
        let entries = node.sequence(findings).unwrap_or_default();
        let roles: Vec<Self> =
            entries.iter().filter_map(|entry| Self::read(entry, findings)).collect();
        for (at, role) in roles.iter().enumerate() {
            if roles[..at].iter().any(|other| other.role_arn == role.role_arn) {
                findings.error(node, format!("{} stands twice", role.role_arn));
            }
        }
        roles
    }

    fn read(node: &Node, findings: &mut Findings) -> Option<Self> {
        let mut entry = node.mapping(findings)?;
        let arn = entry.take("role_arn");
        let external_id = entry.take("external_id").and_then(|node| node.string(findings));
        entry.finish(findings);
        let Some(arn) = arn else {
            findings.error(node, "role_arn is missing");
            return None;
        };
        let role = Self { role_arn: arn.string(findings)?, external_id };
        if role.account().is_none() {
            findings.error(
                arn,
                format!(
                    "\"{}\" is not a role's ARN such as arn:aws:iam::123456789012:role/name",
                    role.role_arn
                ),
            );
        }
        Some(role)
    }

    /// The account that the role belongs to; absent where this is no role's ARN.
    pub fn account(&self) -> Option<&str> {
        let mut fields = self.role_arn.splitn(6, ':');
        let (head, partition, service) = (fields.next()?, fields.next()?, fields.next()?);
        let (region, account, resource) = (fields.next()?, fields.next()?, fields.next()?);
        let is_role =
            head == "arn" && partition.starts_with("aws") && service == "iam" && region.is_empty();
        let is_account = account.len() == 12 && account.bytes().all(|b| b.is_ascii_digit());
        (is_role && is_account && resource.starts_with("role/")).then_some(account)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use config::{Document, Sections};

    fn account(arn: &str) -> Option<String> {
        let role = Role { role_arn: arn.to_owned(), external_id: None };
        role.account().map(str::to_owned)
    }

    #[test]
    fn a_role_says_its_account() {
        for right in
            ["arn:aws:iam::123456789012:role/path/name", "arn:aws-cn:iam::123456789012:role/n"]
        {
            assert_eq!(account(right).as_deref(), Some("123456789012"), "{right}");
        }
        for wrong in [
            "",
            "name",
            "arn:aws:iam::123:role/x",
            "arn:aws:iam::123456789012:user/x",
            "arn:aws:sts::123456789012:role/x",
        ] {
            assert_eq!(account(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_list_of_roles_is_read_strictly() {
        let text = "ecs: [{role_arn: 'arn:aws:iam::123456789012:role/a', external_id: x},\n\
                    {role_arn: 'arn:aws:iam::123456789012:role/a'}, {external_id: y}, {role_arn: a, arn: b}]";
        let document = Document { name: "f".into(), directory: None, body: text.into() };
        let mut findings = Findings::new();
        let sections = Sections::read(&[document], &mut findings);
        let roles = Role::read_list(sections.get("ecs").expect("a section"), &mut findings);
        assert_eq!(roles[0].external_id.as_deref(), Some("x"));
        let texts: Vec<_> = findings.iter().map(ToString::to_string).collect();
        assert_eq!(
            texts,
            [
                "f: ecs[2]: role_arn is missing",
                "f: ecs[3].arn: unknown key",
                "f: ecs[3].role_arn: \"a\" is not a role's ARN such as arn:aws:iam::123456789012:role/name",
                "f: ecs: arn:aws:iam::123456789012:role/a stands twice",
            ]
        );
    }
}
