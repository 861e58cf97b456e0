//! The AWS Query protocol: `A.member.1.B=value` in a form, XML in the answer.

use std::collections::BTreeMap;

use super::node::Node;
use super::xml;

/// What the flattened names unfold to before lists are told from structures.
#[derive(Default)]
struct Branch {
    value: Option<String>,
    members: BTreeMap<String, Branch>,
}

/// Reads a form. Every leaf is text.
pub(super) fn decode(body: &[u8]) -> Node {
    let mut root = Branch::default();
    for (name, value) in url::form_urlencoded::parse(body) {
        let mut branch = &mut root;
        for part in name.split('.') {
            branch = branch.members.entry(part.to_owned()).or_default();
        }
        branch.value = Some(value.into_owned());
    }
    root.into_node()
}

/// Writes `<OperationResponse><OperationResult>…`.
pub(super) fn encode(operation: &str, namespace: &str, request_id: &str, result: &Node) -> Vec<u8> {
    let metadata = super::node::map([("RequestId", request_id.into())]);
    let response = Node::Map(vec![
        (format!("{operation}Result"), result.clone()),
        ("ResponseMetadata".to_owned(), metadata),
    ]);
    xml::document(&format!("{operation}Response"), Some(namespace), &response)
}

impl Branch {
    fn into_node(mut self) -> Node {
        if let Some(value) = self.value {
            return Node::Text(value);
        }
        let Some(list) = self.members.remove("member") else {
            let members = self.members.into_iter();
            return Node::Map(members.map(|(name, branch)| (name, branch.into_node())).collect());
        };
        let mut items: Vec<(usize, Node)> = list
            .members
            .into_iter()
            .filter_map(|(index, branch)| Some((index.parse().ok()?, branch.into_node())))
            .collect();
        items.sort_by_key(|(index, _)| *index);
        Node::List(items.into_iter().map(|(_, item)| item).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flattened_names_unfold_in_numeric_order() {
        let form =
            (1..=11).map(|n| format!("Names.member.{n}.Value=v{n}")).collect::<Vec<_>>().join("&");
        let node = decode(format!("Action=X&{form}").as_bytes());
        assert_eq!(node.text("Action"), Ok(Some("X")));
        let items = node.list("Names").expect("a list");
        let values: Vec<_> =
            items.iter().map(|item| item.required_text("Value").expect("text")).collect();
        assert_eq!(values.len(), 11);
        assert_eq!((values[1], values[10]), ("v2", "v11"));
    }
}
