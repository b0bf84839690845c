//! The house rules that a compiler does not know.

mod support;

use std::collections::{BTreeMap, BTreeSet};

use support::{files_below, root};

/// Who may import whom: a module may use those in its own row and in every row below.
const FLOORS: [&[&str]; 11] = [
    &["cli"],
    &["report", "serve"],
    &["bundle"],
    &["check", "output", "sign"],
    &["render"],
    &["plan"],
    &["settings", "import", "clients", "users", "verify"],
    &["net"],
    &["document", "embedded", "format"],
    &["model", "finding"],
    &["codes"],
];

/// On one floor modules do not know each other, but for these.
const NEIGHBOURS: [(&str, &str); 5] = [
    ("clients", "import"),
    ("verify", "import"),
    ("document", "format"),
    ("model", "finding"),
    ("finding", "model"),
];

fn floor(module: &str) -> usize {
    FLOORS
        .iter()
        .position(|floor| floor.contains(&module))
        .unwrap_or_else(|| panic!("{module} has no floor; give it one here and in ARCHITECTURE.md"))
}

#[test]
fn imports_point_one_way() {
    let mut seen = 0;
    for (file, bytes) in files_below(&root().join("src")) {
        let module = file.split(['/', '.']).next().unwrap().to_owned();
        if !file.ends_with(".rs") || module == "lib" || module == "main" {
            continue;
        }
        for used in modules_used(&String::from_utf8(bytes).unwrap()) {
            if used == module {
                continue;
            }
            seen += 1;
            let downwards = floor(&used) > floor(&module);
            let neighbours = NEIGHBOURS.contains(&(module.as_str(), used.as_str()));
            assert!(
                downwards || neighbours,
                "{file}: {module} imports {used}, which stands above it"
            );
        }
    }
    assert!(seen > 50, "only {seen} imports were seen");
}

/// The top-level modules that a text names: `crate::plan::Job`, `use crate::{plan, render::Artifact}`.
fn modules_used(text: &str) -> Vec<String> {
    let name = |rest: &str| -> String {
        rest.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect()
    };
    let mut used = Vec::new();
    for (at, _) in text.match_indices("crate::") {
        let rest = &text[at + "crate::".len()..];
        let Some(list) = rest.strip_prefix('{') else {
            used.push(name(rest));
            continue;
        };
        let mut depth = 0;
        let mut is_first = true;
        for (at, c) in list.char_indices() {
            match c {
                '{' => depth += 1,
                '}' if depth == 0 => break,
                '}' => depth -= 1,
                ',' if depth == 0 => is_first = true,
                c if is_first && !c.is_whitespace() => {
                    used.push(name(&list[at..]));
                    is_first = false;
                }
                _ => {}
            }
        }
    }
    used.retain(|name| name.starts_with(|c: char| c.is_ascii_lowercase()));
    used
}

#[test]
fn imports_in_braces_are_seen() {
    let text = "use crate::{plan::{Job, scope}, render};\nuse crate::check::check; crate::Error";
    assert_eq!(modules_used(text), ["plan", "render", "check"]);
}

/// What makes a program hard to follow, and the files that may use it, each for a reason that stands there.
const ALLOWED: [(&str, &[&str]); 3] = [
    // Identity by memory address: things have names and numbers.
    ("ptr::eq", &[]),
    // The process ends like any other.
    ("mem::forget", &[]),
    // clap reads MAILWRIGHT_…; others read what the system and the user's terminal say.
    ("env::var", &["cli/secret.rs", "cli/terminal.rs", "output/tests.rs", "serve/sockets.rs"]),
];

#[test]
fn addresses_forgotten_memory_and_the_environment_are_used_only_where_it_is_allowed() {
    for (file, bytes) in files_below(&root().join("src")) {
        let text = String::from_utf8(bytes).unwrap();
        for (what, files) in ALLOWED {
            assert!(!text.contains(what) || files.contains(&&*file), "{file} uses {what}");
        }
    }
}

#[test]
fn every_source_file_says_first_what_it_is_for() {
    for (file, bytes) in files_below(&root().join("src")) {
        if file.ends_with(".rs") {
            let text = String::from_utf8(bytes).unwrap();
            assert!(text.starts_with("//! "), "{file} does not begin with //!");
        }
    }
}

#[test]
fn no_source_file_has_grown_a_second_idea() {
    for (file, bytes) in files_below(&root().join("src")) {
        let lines = String::from_utf8_lossy(&bytes).lines().count();
        assert!(lines <= 500, "{file} has {lines} lines; find the second idea in it");
    }
}

#[test]
fn only_the_command_line_prints() {
    for (file, bytes) in files_below(&root().join("src")) {
        let text = String::from_utf8(bytes).unwrap();
        let code = text.split("#[cfg(test)]").next().unwrap_or_default();
        if !file.starts_with("cli/") && file != "main.rs" && !file.ends_with("tests.rs") {
            for print in ["println!", "eprintln!", "print!(", "dbg!"] {
                assert!(!code.contains(print), "{file} prints");
            }
        }
    }
}

/// What a file has before its tests.
fn without_tests(text: &str) -> &str {
    text.split("#[cfg(test)]\nmod tests").next().unwrap_or_default()
}

/// A code is named by its constant, so that the compiler knows it and the pages are complete.
#[test]
fn no_code_is_written_as_text_outside_the_registry() {
    // Also keys of manifests and of formats.
    const OTHER_MEANINGS: [&str; 1] = ["schema"];
    let mut seen = 0;
    for (file, bytes) in files_below(&root().join("src")) {
        // verify/memory.rs is a test.
        if !file.ends_with(".rs") || file.ends_with("tests.rs") || file == "verify/memory.rs" {
            continue;
        }
        let text = String::from_utf8(bytes).unwrap();
        for word in without_tests(&text).split('"') {
            seen += 1;
            let is_code = mailwright::internals::codes::find(word).is_some();
            assert!(
                !is_code || OTHER_MEANINGS.contains(&word),
                "{file} has the code {word} as text; name it by its constant in codes::"
            );
        }
    }
    assert!(seen > 5_000, "only {seen} pieces of text were seen");
}

#[test]
fn unsafe_code_is_forbidden() {
    let text = std::fs::read_to_string(root().join("src/lib.rs")).unwrap();
    assert!(text.contains("#![forbid(unsafe_code)]"));
}

/// Names that mean the same in every module that has such a type.
const COMMON_TYPE_NAMES: [&str; 3] = ["Error", "Options", "Result"];

/// Types with two definitions, of which `#[cfg]` selects one.
const ALTERNATIVE_TYPES: [&str; 4] = ["Acme", "AcmeFigures", "AcmeSettings", "NewFolder"];

#[test]
fn a_type_name_means_one_thing() {
    let mut defined: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (file, code) in source_code() {
        for name in types_defined(&code) {
            defined.entry(name).or_default().push(file.clone());
        }
    }
    assert!(defined.len() > 450, "only {} types were seen", defined.len());
    for (name, files) in defined {
        let most = match &*name {
            name if COMMON_TYPE_NAMES.contains(&name) => usize::MAX,
            name if ALTERNATIVE_TYPES.contains(&name) => 2,
            _ => 1,
        };
        assert!(files.len() <= most, "{name} is defined in {files:?}; name each for what it is");
    }
}

#[test]
fn definitions_of_types_are_seen() {
    let text = "pub struct One;\npub(super) enum Two {}\ntype Three = u8;\nimpl Iterator for One {\n    \
                type Item = u8;\n}\nmod on {\n    pub struct Four;\n}\npub trait Five {}\nwords! {\n    Six, \"six\" {\n";
    assert_eq!(types_defined(&code(text)), ["One", "Two", "Three", "Four", "Five", "Six"]);
}

/// An associated type is indented, and its name is the trait's.
fn types_defined(code: &str) -> Vec<String> {
    let mut names = Vec::new();
    for line in code.lines() {
        let item = without_visibility(line.trim_start());
        // `words!` of model/words.rs: the name of a type, and of its keywords in messages.
        if let Some(name) = item.strip_suffix(",  {") {
            names.push(name.to_owned());
        }
        let Some((keyword, rest)) = item.split_once(' ') else { continue };
        let is_alias = keyword == "type" && !line.starts_with(' ');
        if is_alias || ["struct", "enum", "trait", "union"].contains(&keyword) {
            names.push(first_word(rest).to_owned());
        }
    }
    names
}

/// The code of every file of the program, without tests. `verify/memory.rs` is a test.
fn source_code() -> Vec<(String, String)> {
    let files = files_below(&root().join("src")).into_iter();
    let files = files.filter(|(file, _)| {
        file.ends_with(".rs")
            && !file.ends_with("tests.rs")
            && !["lib.rs", "main.rs", "verify/memory.rs"].contains(&&**file)
    });
    files.map(|(file, bytes)| (file, code(&String::from_utf8(bytes).unwrap()))).collect()
}

/// A file without its tests, comments and literals.
fn code(text: &str) -> String {
    let mut rest = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    let mut code = String::with_capacity(rest.len());
    while let Some(c) = rest.chars().next() {
        match comment_or_literal(rest) {
            0 => {
                code.push(c);
                rest = &rest[c.len_utf8()..];
            }
            length => rest = &rest[length..],
        }
    }
    code
}

/// How many bytes at the beginning of the text are a comment or a literal.
fn comment_or_literal(text: &str) -> usize {
    let to = |end: &str, from: usize| {
        text[from..].find(end).map_or(text.len(), |at| from + at + end.len())
    };
    match text.as_bytes() {
        [b'/', b'/', ..] => text.find('\n').unwrap_or(text.len()),
        [b'r', b'"' | b'#', ..] => {
            let hashes = text[1..].bytes().take_while(|byte| *byte == b'#').count();
            match text[1 + hashes..].starts_with('"') {
                true => to(&format!("\"{}", "#".repeat(hashes)), 2 + hashes),
                false => 0,
            }
        }
        [b'"', ..] => {
            let mut is_escaped = false;
            let end = text.bytes().skip(1).position(|byte| {
                let ends = byte == b'"' && !is_escaped;
                is_escaped = byte == b'\\' && !is_escaped;
                ends
            });
            end.map_or(text.len(), |end| end + 2)
        }
        [b'\'', b'\\', ..] => to("'", 3),
        // Anything else after a quotation mark is a lifetime.
        [b'\'', ..] => match text.char_indices().nth(2) {
            Some((at, '\'')) => at + 1,
            _ => 0,
        },
        _ => 0,
    }
}

fn without_visibility(item: &str) -> &str {
    let Some(rest) = item.strip_prefix("pub") else { return item };
    let rest = match rest.strip_prefix('(') {
        Some(scope) => scope.split_once(')').map_or(rest, |(_, rest)| rest),
        None => rest,
    };
    rest.trim_start()
}

fn first_word(text: &str) -> &str {
    let end = text.find(|c: char| !c.is_alphanumeric() && c != '_');
    &text[..end.unwrap_or(text.len())]
}

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
