use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use proc_macro2::{TokenStream, TokenTree};
use syn::visit::{self, Visit};

use super::modules::{Module, Modules, Name, flatten, is_test};

/// Which file uses which, and by which names.
pub(super) struct Imports {
    pub(super) arrows: BTreeMap<(PathBuf, PathBuf), BTreeSet<String>>,
    /// A file and a descendant of its module.
    families: BTreeSet<(PathBuf, PathBuf)>,
}

impl Imports {
    pub(super) fn of(modules: &Modules) -> Self {
        let mut imports = Self { arrows: BTreeMap::new(), families: families(modules) };
        let resolver = Resolver { modules };
        for (name, module) in &modules.all {
            for path in paths(module) {
                if let Some((file, used)) = resolver.find(name, &path, 0)
                    && file != module.file
                {
                    let arrow = (module.file.clone(), file);
                    imports.arrows.entry(arrow).or_default().insert(used);
                }
            }
        }
        imports
    }

    pub(super) fn is_ancestor(&self, file: &Path, other: &Path) -> bool {
        self.families.contains(&(file.to_owned(), other.to_owned()))
    }

    pub(super) fn describe(&self, circle: &BTreeSet<PathBuf>) -> String {
        let inside = self.arrows.iter().filter(|((from, to), _)| {
            let family = self.is_ancestor(from, to) || self.is_ancestor(to, from);
            circle.contains(from) && circle.contains(to) && (circle.len() > 2 || !family)
        });
        let lines = inside.map(|((from, to), names)| {
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            format!("  {} -> {}: {}", from.display(), to.display(), names.join(", "))
        });
        lines.collect::<Vec<_>>().join("\n")
    }
}

fn families(modules: &Modules) -> BTreeSet<(PathBuf, PathBuf)> {
    let mut found = BTreeSet::new();
    for (name, module) in &modules.all {
        for above in (0..name.len()).filter_map(|length| modules.all.get(&name[..length])) {
            found.insert((above.file.clone(), module.file.clone()));
        }
    }
    found
}

/// All paths in a module that may lead to another file.
fn paths(module: &Module) -> BTreeSet<Name> {
    let mut found = Paths::default();
    module.items.iter().for_each(|item| found.visit_item(item));
    found.0
}

#[derive(Default)]
struct Paths(BTreeSet<Name>);

impl<'ast> Visit<'ast> for Paths {
    fn visit_item(&mut self, item: &'ast syn::Item) {
        let attributes = match item {
            syn::Item::Fn(item) => &item.attrs[..],
            syn::Item::Impl(item) => &item.attrs,
            syn::Item::Use(item) => &item.attrs,
            _ => &[],
        };
        if !is_test(attributes) {
            visit::visit_item(self, item);
        }
    }

    /// A re-export is no use of a name: the file that imports it from here uses it.
    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        if matches!(item.vis, syn::Visibility::Inherited) {
            let mut found = Vec::new();
            flatten(&item.tree, &mut Vec::new(), &mut found);
            self.0.extend(found.into_iter().map(|(_, path)| path));
        }
    }

    /// `pub(super)` uses nothing of the parent.
    fn visit_vis_restricted(&mut self, _: &'ast syn::VisRestricted) {}

    fn visit_path(&mut self, path: &'ast syn::Path) {
        self.0.insert(path.segments.iter().map(|segment| segment.ident.to_string()).collect());
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, found: &'ast syn::Macro) {
        self.read_tokens(found.tokens.clone());
        visit::visit_macro(self, found);
    }
}

impl Paths {
    /// Reads what looks like a path; a single name may be anything.
    fn read_tokens(&mut self, tokens: TokenStream) {
        let mut path = Name::new();
        let mut colons = 0;
        for token in tokens {
            match token {
                TokenTree::Ident(name) => {
                    if colons != 2 {
                        self.0.insert(std::mem::take(&mut path));
                    }
                    path.push(name.to_string());
                    colons = 0;
                }
                TokenTree::Punct(punct) if punct.as_char() == ':' => colons += 1,
                TokenTree::Group(group) => {
                    self.read_tokens(group.stream());
                    colons = 0;
                }
                TokenTree::Punct(_) | TokenTree::Literal(_) => colons = 0,
            }
        }
        self.0.insert(path);
    }
}

/// Follows a path to the file that defines the item.
struct Resolver<'a> {
    modules: &'a Modules,
}

impl Resolver<'_> {
    /// The longest chain of re-exports; longer ones are circular.
    const MOST: usize = 16;

    fn find(&self, from: &[String], path: &[String], depth: usize) -> Option<(PathBuf, String)> {
        let (first, rest) = path.split_first()?;
        match first.as_str() {
            "crate" => self.below(&[], rest, depth),
            "self" => self.below(from, rest, depth),
            "super" => self.find_above(from, rest, depth),
            name if self.knows(from, name) => self.below(from, path, depth),
            _ => None,
        }
    }

    fn find_above(
        &self,
        from: &[String],
        rest: &[String],
        depth: usize,
    ) -> Option<(PathBuf, String)> {
        let (_, parent) = from.split_last()?;
        match rest.first() {
            Some(next) if next == "super" => self.find(parent, rest, depth),
            _ => self.below(parent, rest, depth),
        }
    }

    /// Whether the name is in scope: a child module, or imported with `use`.
    fn knows(&self, module: &[String], name: &str) -> bool {
        let child = [module, &[name.to_owned()]].concat();
        let uses = self.modules.all.get(module).map(|module| &module.uses);
        self.modules.all.contains_key(&child)
            || uses.is_some_and(|uses| uses.iter().any(|(known, _)| known == name))
    }

    fn below(&self, module: &[String], path: &[String], depth: usize) -> Option<(PathBuf, String)> {
        let found = self.modules.all.get(module)?;
        let Some((first, rest)) = path.split_first() else {
            return Some((found.file.clone(), module.last()?.clone()));
        };
        let child = [module, std::slice::from_ref(first)].concat();
        if self.modules.all.contains_key(&child) {
            return self.below(&child, rest, depth);
        }
        match found.uses.iter().find(|(known, _)| known == first) {
            Some((_, whole)) if depth < Self::MOST => {
                let whole = [&whole[..], rest].concat();
                self.find(module, &whole, depth + 1)
            }
            _ => self.through_globs(found, module, path, depth),
        }
    }

    /// If no glob import leads to the item, the module itself defines it.
    fn through_globs(
        &self,
        found: &Module,
        module: &[String],
        path: &[String],
        depth: usize,
    ) -> Option<(PathBuf, String)> {
        let globs = found.uses.iter().filter(|(known, _)| known == "*" && depth < Self::MOST);
        let defined = globs.filter_map(|(_, whole)| {
            let (file, _) = self.find(module, whole, depth + 1)?;
            let target = self.modules.all.values().find(|target| target.file == file)?;
            defines(target, path.first()?).then_some((file, path.first()?.clone()))
        });
        defined.into_iter().next().or_else(|| Some((found.file.clone(), path.first()?.clone())))
    }
}

fn defines(module: &Module, name: &str) -> bool {
    module.items.iter().any(|item| {
        let ident = match item {
            syn::Item::Const(item) => &item.ident,
            syn::Item::Enum(item) => &item.ident,
            syn::Item::Fn(item) => &item.sig.ident,
            syn::Item::Static(item) => &item.ident,
            syn::Item::Struct(item) => &item.ident,
            syn::Item::Trait(item) => &item.ident,
            syn::Item::Type(item) => &item.ident,
            _ => return false,
        };
        ident == name
    })
}
