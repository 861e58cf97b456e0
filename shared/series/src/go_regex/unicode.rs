//! The names that stand in `\p{…}`. Go knows general categories and scripts; Rust knows many more properties, short
//! names of scripts (`Grek`) and `name=value`, which Go refuses.

use regex_syntax::hir::{Class, ClassUnicode, ClassUnicodeRange, Hir, HirKind};

/// General categories and their aliases, in canonical form.
const CATEGORIES: &str = "\
    c casedletter cc cf closepunctuation cn cntrl co combiningmark connectorpunctuation control cs \
    currencysymbol dashpunctuation decimalnumber digit enclosingmark finalpunctuation format \
    initialpunctuation l lc letter letternumber lineseparator ll lm lo lowercaseletter lt lu m \
    mark mathsymbol mc me mn modifierletter modifiersymbol n nd nl no nonspacingmark number \
    openpunctuation other otherletter othernumber otherpunctuation othersymbol p \
    paragraphseparator pc pd pe pf pi po privateuse ps punct punctuation s sc separator sk sm so \
    spaceseparator spacingmark surrogate symbol titlecaseletter unassigned uppercaseletter z zl zp \
    zs";

/// Scripts by their long names, in canonical form.
const SCRIPTS: &str = "\
    adlam ahom anatolianhieroglyphs arabic armenian avestan balinese bamum bassavah batak bengali \
    bhaiksuki bopomofo brahmi braille buginese buhid canadianaboriginal carian caucasianalbanian \
    chakma cham cherokee chorasmian common coptic cuneiform cypriot cyprominoan cyrillic deseret \
    devanagari divesakuru dogra duployan egyptianhieroglyphs elbasan elymaic ethiopic garay \
    georgian glagolitic gothic grantha greek gujarati gunjalagondi gurmukhi gurungkhema han hangul \
    hanifirohingya hanunoo hatran hebrew hiragana imperialaramaic inherited inscriptionalpahlavi \
    inscriptionalparthian javanese kaithi kannada katakana kawi kayahli kharoshthi \
    khitansmallscript khmer khojki khudawadi kiratrai lao latin lepcha limbu lineara linearb lisu \
    lycian lydian mahajani makasar malayalam mandaic manichaean marchen masaramgondi medefaidrin \
    meeteimayek mendekikakui meroiticcursive meroitichieroglyphs miao modi mongolian mro multani \
    myanmar nabataean nagmundari nandinagari newa newtailue nko nushu nyiakengpuachuehmong ogham \
    olchiki oldhungarian olditalic oldnortharabian oldpermic oldpersian oldsogdian oldsoutharabian \
    oldturkic olduyghur olonal oriya osage osmanya pahawhhmong palmyrene paucinhau phagspa \
    phoenician psalterpahlavi rejang runic samaritan saurashtra sharada shavian siddham \
    signwriting sinhala sogdian sorasompeng soyombo sundanese sunuwar sylotinagri syriac tagalog \
    tagbanwa taile taitham taiviet takri tamil tangsa tangut telugu thaana thai tibetan tifinagh \
    tirhuta todhri toto tulutigalari ugaritic vai vithkuqi wancho warangciti yezidi yi \
    zanabazarsquare";

/// The code points of a category or script; None if Go has none of this name.
pub(super) fn class(name: &str) -> Option<ClassUnicode> {
    let name = canonical(name);
    match name.as_str() {
        "any" => Some(single('\0', char::MAX)),
        "ascii" => Some(single('\0', '\x7F')),
        "assigned" => lookup("gc", "cn").map(negated),
        // No text holds a surrogate, so Rust has no such category.
        "cs" | "surrogate" => Some(ClassUnicode::empty()),
        name if listed(CATEGORIES, name) => lookup("gc", name),
        name if listed(SCRIPTS, name) => lookup("sc", name),
        _ => None,
    }
}

/// Case, underscores, hyphens and spaces do not count (since Go 1.25).
fn canonical(name: &str) -> String {
    name.chars().filter(|c| !matches!(c, '_' | '-' | ' ')).map(|c| c.to_ascii_lowercase()).collect()
}

fn listed(names: &str, name: &str) -> bool {
    names.split(' ').any(|listed| listed == name)
}

fn lookup(property: &str, value: &str) -> Option<ClassUnicode> {
    let hir = regex_syntax::parse(&format!("\\p{{{property}={value}}}")).ok()?;
    match hir.kind() {
        HirKind::Class(Class::Unicode(class)) => Some(class.clone()),
        // A category with one member, such as the line separator, is read as that member.
        HirKind::Literal(_) => member(&hir),
        _ => None,
    }
}

fn member(hir: &Hir) -> Option<ClassUnicode> {
    let HirKind::Literal(literal) = hir.kind() else {
        return None;
    };
    let only = std::str::from_utf8(&literal.0).ok()?.chars().next()?;
    Some(single(only, only))
}

fn single(start: char, end: char) -> ClassUnicode {
    ClassUnicode::new([ClassUnicodeRange::new(start, end)])
}

fn negated(mut class: ClassUnicode) -> ClassUnicode {
    class.negate();
    class
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_listed_name_is_known_to_rust() {
        for name in CATEGORIES.split(' ').chain(SCRIPTS.split(' ')) {
            assert!(class(name).is_some(), "{name}");
        }
    }

    #[test]
    fn what_only_rust_knows_is_unknown() {
        for name in
            ["Grek", "Alphabetic", "Emoji", "sc=Greek", "Age=3.0", "IsGreek", "White_Space", ""]
        {
            assert!(class(name).is_none(), "{name}");
        }
    }

    #[test]
    fn names_are_matched_loosely() {
        let greek = class("Greek").expect("a script");
        assert_eq!(class("greek").expect("the same script"), greek);
        let upper = class("Lu").expect("a category");
        assert_eq!(class("__upper case-let ter").expect("its alias"), upper);
        assert_eq!(class("Canadian_Aboriginal"), class("CanadianAboriginal"));
        assert_eq!(class("Zl").expect("one code point").ranges().len(), 1);
    }
}
