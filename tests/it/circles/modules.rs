use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use syn::{Attribute, Item, ItemMod, UseTree};

/// The path of a module from the root; empty for the root.
pub(super) type Name = Vec<String>;

/// One module of a crate: a file or a part of one, without its tests.
pub(super) struct Module {
    pub(super) file: PathBuf,
    pub(super) items: Vec<Item>,
    /// The names that `use` brings into scope, each with its whole path.
    pub(super) uses: Vec<(String, Name)>,
}

/// All modules that a root file declares.
pub(super) struct Modules {
    root: PathBuf,
    pub(super) all: BTreeMap<Name, Module>,
}

impl Modules {
    pub(super) fn read(root: &Path) -> Self {
        let directory = root.parent().expect("a directory").to_owned();
        let mut modules = Self { root: directory.clone(), all: BTreeMap::new() };
        modules.read_file(root, &directory, Vec::new());
        modules
    }

    /// `directory` contains the file's child modules.
    fn read_file(&mut self, path: &Path, directory: &Path, name: Name) {
        let text = std::fs::read_to_string(path).expect("a source file");
        let parsed = syn::parse_file(&text);
        let parsed = parsed.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let file = path.strip_prefix(&self.root).expect("a path below the root").to_owned();
        self.add(&file, directory, name, parsed.items);
    }

    fn add(&mut self, file: &Path, directory: &Path, name: Name, items: Vec<Item>) {
        let (modules, items): (Vec<Item>, Vec<Item>) =
            items.into_iter().partition(|item| matches!(item, Item::Mod(_)));
        let mut uses = Vec::new();
        for item in &items {
            if let Item::Use(item) = item {
                flatten(&item.tree, &mut Vec::new(), &mut uses);
            }
        }
        self.all.insert(name.clone(), Module { file: file.to_owned(), items, uses });
        for module in modules {
            if let Item::Mod(module) = module
                && !is_test(&module.attrs)
            {
                self.add_child(file, directory, &name, module);
            }
        }
    }

    fn add_child(&mut self, file: &Path, directory: &Path, parent: &Name, module: ItemMod) {
        let own = module.ident.to_string();
        let name: Name = parent.iter().cloned().chain([own.clone()]).collect();
        let below = directory.join(&own);
        match module.content {
            Some((_, items)) => self.add(file, &below, name, items),
            None => {
                let beside = directory.join(format!("{own}.rs"));
                let path = if beside.exists() { beside } else { below.join("mod.rs") };
                self.read_file(&path, &below, name);
            }
        }
    }
}

/// `a::{b, c as d}` as b = a::b and d = a::c; `a::*` as * = a.
pub(super) fn flatten(tree: &UseTree, path: &mut Name, found: &mut Vec<(String, Name)>) {
    match tree {
        UseTree::Path(tree) => {
            path.push(tree.ident.to_string());
            flatten(&tree.tree, path, found);
            path.pop();
        }
        UseTree::Group(group) => group.items.iter().for_each(|tree| flatten(tree, path, found)),
        UseTree::Glob(_) => found.push(("*".to_owned(), path.clone())),
        UseTree::Name(tree) => add_name(tree.ident.to_string(), None, path, found),
        UseTree::Rename(tree) => {
            add_name(tree.ident.to_string(), Some(tree.rename.to_string()), path, found);
        }
    }
}

fn add_name(name: String, rename: Option<String>, path: &Name, found: &mut Vec<(String, Name)>) {
    let mut whole = path.clone();
    if name != "self" {
        whole.push(name);
    }
    let known = rename.or_else(|| whole.last().cloned());
    found.push((known.unwrap_or_default(), whole));
}

pub(super) fn is_test(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("cfg")
            && attribute.parse_args::<syn::Path>().is_ok_and(|path| path.is_ident("test"))
    })
}
