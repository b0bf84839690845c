//! No two files of a module import each other, however far the way round.

use std::collections::{BTreeMap, BTreeSet};

use crate::source::{code, first_word, source_code, without_visibility};

#[test]
fn no_two_files_of_a_module_import_each_other() {
    let graph = imports(&source_code());
    let count: usize = graph.values().map(BTreeSet::len).sum();
    assert!(count > 700, "only {count} imports were seen");
    if let Some(cycle) = cycle(&graph) {
        panic!("{}: move what they share into a file below them", cycle.join(" → "));
    }
}

#[test]
fn an_import_cycle_is_found() {
    let parent = "mod one;\nmod two;\npub use one::Item;\npub fn shared() {}\n";
    let one = "use super::two::Other;\npub struct Item;\n";
    let two = "pub struct Other;\n";
    let found = |parent: &str, one: &str, two: &str| {
        let files = [("area/mod.rs", parent), ("area/one.rs", one), ("area/two.rs", two)];
        cycle(&imports(&files.map(|(file, text)| (file.to_owned(), code(text)))))
    };
    assert_eq!(found(parent, one, two), None);
    // What the parent re-exports is the child's.
    let through_parent = "use super::{Item, shared};\npub struct Other;\n";
    let cycle = Some(["area/one.rs", "area/two.rs", "area/one.rs"].map(str::to_owned).to_vec());
    assert_eq!(found(parent, one, through_parent), cycle);
    for back in ["use super::one::{self, Item};\n", "use crate::area::one::Item as Thing;\n"] {
        assert_eq!(found(parent, one, &format!("{back}{two}")), cycle, "{back}");
    }
    let inline = "pub struct Other;\nmod on {\n    fn f() { super::super::one::Item; }\n}\n";
    assert_eq!(found(parent, one, inline), cycle);
    let alias = "use super::one;\npub struct Other;\nfn f(_: &one::Item) {}\n";
    assert_eq!(found(parent, one, alias), cycle);
    // A parent that only declares and re-exports imports nothing, one that calls its child does.
    let child = "use super::shared;\npub struct Item;\n";
    assert_eq!(found(parent, child, two), None);
    let calls = parent.replace("shared() {}", "shared() { one::run(); }");
    let cycle = Some(["area/mod.rs", "area/one.rs", "area/mod.rs"].map(str::to_owned).to_vec());
    assert_eq!(found(&calls, &format!("{child}pub fn run() {{}}\n"), two), cycle);
    // A comment, a text and a test are no imports.
    let none = "// super::one::Item\nconst A: &str = \"super::one::Item\";\n#[cfg(test)]\nmod tests {\n    \
                use super::super::one::Item;\n}\n";
    assert_eq!(found(parent, one, &format!("{two}{none}")), None);
}

type Graph = BTreeMap<String, BTreeSet<String>>;

/// Which file uses items of which others in the same top-level module.
fn imports(files: &[(String, String)]) -> Graph {
    let tree = ModuleTree::of(files);
    let mut graph = Graph::new();
    for (module, file) in &tree.modules {
        let own = graph.entry(file.name.clone()).or_default();
        let mut names: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        let mut paths = Vec::new();
        for import in &file.imports {
            let Some(path) = tree.absolute(module, &import.inside, &import.path) else { continue };
            if tree.modules.contains_key(&path) {
                names.insert(&import.name, path);
            } else if !import.is_public {
                paths.push(path);
            }
        }
        for (inside, path) in &file.paths {
            paths.extend(match names.get(&*path[0]) {
                Some(module) => Some([module.as_slice(), &path[1..]].concat()),
                None => tree.absolute(module, inside, path),
            });
        }
        let same = |path: &Vec<String>| path.first() == module.first();
        own.extend(paths.iter().filter(|path| same(path)).filter_map(|path| tree.file_of(path)));
        own.remove(&file.name);
    }
    graph
}

/// The modules of the program by their paths: `["serve", "acme"]`.
struct ModuleTree {
    modules: BTreeMap<Vec<String>, ModuleFile>,
}

struct ModuleFile {
    name: String,
    /// Items defined at the top of the file.
    items: BTreeSet<String>,
    imports: Vec<Import>,
    /// Paths in the code outside `use`, each with the inline modules around it.
    paths: Vec<(Vec<String>, Vec<String>)>,
}

/// One name that a `use` brings in.
struct Import {
    is_public: bool,
    /// The inline modules around it.
    inside: Vec<String>,
    path: Vec<String>,
    name: String,
}

impl ModuleTree {
    fn of(files: &[(String, String)]) -> Self {
        let modules = files.iter().map(|(name, code)| {
            let mut path: Vec<String> =
                name.trim_end_matches(".rs").split('/').map(str::to_owned).collect();
            if path.last().is_some_and(|last| last == "mod") {
                path.pop();
            }
            (path, ModuleFile::of(name, code))
        });
        Self { modules: modules.collect() }
    }

    /// The path from the crate's root. `None` for other crates and for names in scope.
    fn absolute(
        &self,
        module: &[String],
        inside: &[String],
        path: &[String],
    ) -> Option<Vec<String>> {
        let mut base = [module, inside].concat();
        let mut rest = path;
        match &*path[0] {
            "crate" => return Some(path[1..].to_vec()),
            "self" => rest = &rest[1..],
            "super" => {
                while rest.first().is_some_and(|first| first == "super") {
                    base.pop();
                    rest = &rest[1..];
                }
            }
            child => {
                base.push(child.to_owned());
                if !self.modules.contains_key(&base) {
                    return None;
                }
                rest = &rest[1..];
            }
        }
        Some([base.as_slice(), rest].concat())
    }

    /// The file that defines the item of this path; re-exports are followed.
    fn file_of(&self, path: &[String]) -> Option<String> {
        let length = (1..path.len()).rev().find(|n| self.modules.contains_key(&path[..*n]))?;
        let (module, item) = (&path[..length], &path[length]);
        let file = &self.modules[module];
        let import = file.imports.iter().find(|i| i.name == *item && i.inside.is_empty());
        match import.filter(|_| !file.items.contains(item)) {
            Some(import) => {
                let target = self.absolute(module, &[], &import.path)?;
                self.file_of(&[target.as_slice(), &path[length + 1..]].concat())
            }
            // A macro may define it.
            None => Some(file.name.clone()),
        }
    }
}

impl ModuleFile {
    fn of(name: &str, code: &str) -> Self {
        let inline = inline_modules(code);
        let inside = |at: usize| -> Vec<String> {
            let around = inline.iter().filter(|(from, to, _)| (*from..*to).contains(&at));
            around.map(|(_, _, name)| name.clone()).collect()
        };
        let mut imports = Vec::new();
        let mut others = String::with_capacity(code.len());
        let mut rest = 0;
        for (at, _) in code.match_indices("use ") {
            let line = &code[code[..at].rfind('\n').map_or(0, |end| end + 1)..at];
            let visibility = line.trim();
            if at < rest || !without_visibility(visibility).is_empty() {
                continue;
            }
            let end = code[at..].find(';').map_or(code.len(), |end| at + end);
            for (path, name) in use_tree(&code[at + "use ".len()..end]) {
                let is_public = !visibility.is_empty();
                imports.push(Import { is_public, inside: inside(at), path, name });
            }
            others.push_str(&code[rest..at]);
            // Positions stay the same.
            others.extend(std::iter::repeat_n(' ', end - at));
            rest = end;
        }
        others.push_str(&code[rest..]);
        let paths = paths(&others).into_iter().map(|(at, path)| (inside(at), path)).collect();
        Self { name: name.to_owned(), items: items_defined(code), imports, paths }
    }
}

/// The inline modules: where each begins and ends, and its name.
fn inline_modules(code: &str) -> Vec<(usize, usize, String)> {
    let mut modules = Vec::new();
    for (at, _) in code.match_indices("mod ") {
        let name = first_word(&code[at + "mod ".len()..]);
        let body = at + "mod ".len() + name.len();
        if !code[body..].starts_with(" {") || code[..at].ends_with(char::is_alphanumeric) {
            continue;
        }
        let mut depth = 0;
        let end = code[body..].char_indices().find(|(_, c)| {
            match c {
                '{' => depth += 1,
                '}' => depth -= 1,
                _ => {}
            }
            *c == '}' && depth == 0
        });
        modules.push((at, end.map_or(code.len(), |(end, _)| body + end), name.to_owned()));
    }
    modules
}

/// The paths of a `use`, each with the name that it brings in.
fn use_tree(tree: &str) -> Vec<(Vec<String>, String)> {
    let tree = tree.trim();
    let words = |path: &str| -> Vec<String> {
        path.split("::")
            .map(|word| word.trim().to_owned())
            .filter(|word| !word.is_empty())
            .collect()
    };
    let Some((head, list)) = tree.split_once('{') else {
        let (path, alias) = tree.split_once(" as ").unwrap_or((tree, ""));
        let path = words(path);
        let Some(last) = path.last() else { return Vec::new() };
        let name = if alias.is_empty() { last.clone() } else { alias.trim().to_owned() };
        return vec![(path, name)];
    };
    let list = list.rsplit_once('}').map_or(list, |(list, _)| list);
    let mut depth = 0;
    let parts = list.split(|c: char| {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        c == ',' && depth == 0
    });
    let head = words(head);
    let part = |(mut path, mut name): (Vec<String>, String)| {
        // `self` in a list is the path before it.
        if path == ["self"] {
            path.clear();
            name = head.last().filter(|_| name == "self").cloned().unwrap_or(name);
        }
        ([head.as_slice(), &path].concat(), name)
    };
    parts.flat_map(use_tree).map(part).collect()
}

/// Paths with at least two words whose first one can be a module, each with its position.
fn paths(code: &str) -> Vec<(usize, Vec<String>)> {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let mut paths = Vec::new();
    let mut rest = 0;
    for (at, _) in code.match_indices("::") {
        if at < rest {
            continue;
        }
        let start = code[..at].rfind(|c: char| !is_word(c)).map_or(0, |before| before + 1);
        let mut path = vec![code[start..at].to_owned()];
        rest = at;
        while let Some(after) = code[rest..].strip_prefix("::") {
            let word = first_word(after);
            if word.is_empty() {
                break;
            }
            path.push(word.to_owned());
            rest += "::".len() + word.len();
        }
        rest = rest.max(at + "::".len());
        if path.len() > 1 && path[0].starts_with(|c: char| c.is_ascii_lowercase()) {
            paths.push((start, path));
        }
    }
    paths
}

/// The names of the items at the top of a file.
fn items_defined(code: &str) -> BTreeSet<String> {
    const KEYWORDS: [&str; 8] =
        ["fn", "struct", "enum", "trait", "type", "const", "static", "macro_rules!"];
    let mut names = BTreeSet::new();
    for line in code.lines().filter(|line| !line.starts_with(' ')) {
        let mut words = without_visibility(line).split(' ').peekable();
        while let Some(word) = words.next() {
            match words.peek() {
                Some(next) if KEYWORDS.contains(&word) && !KEYWORDS.contains(next) => {
                    names.insert(first_word(next).to_owned());
                    break;
                }
                Some(_) if KEYWORDS.contains(&word) || word == "async" => {}
                _ => break,
            }
        }
    }
    names
}

/// A cycle, from a file back to itself.
fn cycle(graph: &Graph) -> Option<Vec<String>> {
    let mut done = BTreeSet::new();
    graph.keys().find_map(|file| cycle_from(file, graph, &mut Vec::new(), &mut done))
}

fn cycle_from<'g>(
    file: &'g str,
    graph: &'g Graph,
    way: &mut Vec<&'g str>,
    done: &mut BTreeSet<&'g str>,
) -> Option<Vec<String>> {
    if let Some(start) = way.iter().position(|before| *before == file) {
        return Some(way[start..].iter().chain([&file]).map(|file| (*file).to_owned()).collect());
    }
    if done.contains(file) {
        return None;
    }
    way.push(file);
    let next = graph.get(file).into_iter().flatten();
    let found = next.into_iter().find_map(|next| cycle_from(next, graph, way, done));
    way.pop();
    done.insert(file);
    found
}
