//! No circle of imports among the files of a crate: each can be read after those it uses.
//! A module and its children may use each other.

mod find;
mod imports;
mod modules;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use self::find::circles;
use self::imports::Imports;
use self::modules::Modules;

fn crates() -> Vec<PathBuf> {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace");
    let entries = std::fs::read_dir(workspace.join("crates")).expect("the crates");
    let paths = entries.map(|entry| entry.expect("an entry").path().join("src"));
    let mut found: Vec<_> = paths.filter(|path| path.is_dir()).collect();
    found.sort();
    found
}

/// Each circle of a crate as text: its files, and the names that they import.
fn report(source: &Path) -> Vec<String> {
    let roots = ["lib.rs", "main.rs"].map(|root| source.join(root));
    let found = roots.iter().filter(|root| root.exists()).flat_map(|root| {
        let imports = Imports::of(&Modules::read(root));
        circles(&imports).iter().map(|circle| imports.describe(circle)).collect::<Vec<_>>()
    });
    found.collect()
}

#[test]
fn no_files_of_a_crate_import_each_other_in_a_circle() {
    let mut found = BTreeMap::new();
    for source in crates() {
        let name = source.parent().and_then(Path::file_name).expect("a crate");
        let name = name.to_string_lossy().into_owned();
        let circles = report(&source);
        if !circles.is_empty() {
            found.insert(name, circles.join("\n"));
        }
    }
    let text: Vec<_> = found.iter().map(|(name, text)| format!("{name}:\n{text}")).collect();
    assert!(text.is_empty(), "\n{}", text.join("\n"));
}

/// Writes a crate of these files and returns its circles.
fn circles_of(files: &[(&str, &str)]) -> Vec<String> {
    let directory = tempfile::tempdir().expect("a directory");
    for (path, text) in files {
        let path = directory.path().join(path);
        std::fs::create_dir_all(path.parent().expect("a directory")).expect("a directory");
        std::fs::write(path, text).expect("a file");
    }
    report(directory.path())
}

const LIB: (&str, &str) = ("lib.rs", "mod a; mod b; pub use b::B;");

#[test]
fn a_circle_of_two_files_is_found_through_a_reexport() {
    let found = circles_of(&[
        LIB,
        ("a.rs", "use crate::B; pub struct A;"),
        ("b.rs", "pub struct B; fn b() -> crate::a::A { crate::a::A }"),
    ]);
    assert_eq!(found, ["  a.rs -> b.rs: B\n  b.rs -> a.rs: A"]);
}

#[test]
fn a_circle_is_found_in_a_macro_and_in_an_inline_module() {
    let found = circles_of(&[
        LIB,
        ("a.rs", "fn a() -> bool { matches!(1, crate::b::ONE) } pub fn c() {}"),
        ("b.rs", "pub const ONE: u8 = 1; mod inner { use super::super::a; fn b() { a::c() } }"),
    ]);
    assert_eq!(found.len(), 1, "{found:?}");
}

#[test]
fn siblings_in_a_circle_are_found_below_a_parent_that_both_use() {
    let found = circles_of(&[
        ("lib.rs", "mod p;"),
        ("p.rs", "mod x; mod y; pub struct P; use self::x::X;"),
        ("p/x.rs", "use super::P; use super::y::Y; pub struct X;"),
        ("p/y.rs", "use super::{P, X}; pub struct Y;"),
    ]);
    assert_eq!(found, ["  p/x.rs -> p/y.rs: Y\n  p/y.rs -> p/x.rs: X"]);
}

#[test]
fn a_circle_that_leaves_the_parent_and_returns_to_its_child_is_found() {
    let found = circles_of(&[
        ("lib.rs", "mod p; mod c;"),
        ("p.rs", "pub mod x; use crate::c::C; pub struct P;"),
        ("p/x.rs", "use super::P; pub struct X;"),
        ("c.rs", "use crate::p::x::X; pub struct C;"),
    ]);
    assert_eq!(found.len(), 1, "{found:?}");
}

#[test]
fn parents_with_children_and_test_modules_are_no_circle() {
    let found = circles_of(&[
        LIB,
        ("a.rs", "mod x; use self::x::X; pub struct A;"),
        ("a/x.rs", "use super::A; pub struct X;"),
        ("b.rs", "use crate::a::A; pub struct B;"),
        ("a/y.rs", "not read: no module declares it"),
    ]);
    assert_eq!(found, Vec::<String>::new());
    let test = "pub struct A; #[cfg(test)] mod tests { use crate::b::B; }";
    let found = circles_of(&[LIB, ("a.rs", test), ("b.rs", "use crate::a::A; pub struct B;")]);
    assert_eq!(found, Vec::<String>::new());
}
