//! What there is to ask for: the routes of the manifests, and which file answers each.

use crate::clients::{FileSpec, Scope, Target};

/// Answers of one kind, under all their routes: a file for everybody, one for a person, or both.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resource {
    /// What logs and metrics call it: the target's name.
    pub name: String,
    pub target: usize,
    /// The number of the file in the target that is the same for everybody.
    pub shared: Option<usize>,
    /// The one that is made for a person.
    pub personal: Option<usize>,
    pub media_type: String,
    /// It is asked for with an Autodiscover request in the body, too.
    pub is_autodiscover: bool,
    /// It is a profile, which can be signed.
    pub is_profile: bool,
    /// A page, in many languages, which is made when somebody asks for it.
    pub is_page: bool,
    /// Those that the target has texts in.
    pub languages: Vec<String>,
}

/// All resources, and the way from a path to one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Routes {
    pub resources: Vec<Resource>,
    /// In lower case: the clients of Autodiscover write it in every way.
    exact: Vec<(String, usize)>,
    /// What stands before and after the address.
    around: Vec<(String, String, usize)>,
    /// Before and after the language.
    languages: Vec<(String, String, usize)>,
}

/// Where a path leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RouteMatch<'a> {
    pub slot: usize,
    /// The address as it stands in the path, percent-encoded.
    pub address: Option<&'a str>,
    pub language: Option<&'a str>,
}

const ADDRESS: &str = "{{account.address}}";
const LANGUAGE: &str = "{{language}}";
const PROFILE: &str = "application/x-apple-aspen-config";

impl Routes {
    pub fn of(targets: &[Target]) -> Self {
        let mut routes = Self::default();
        for (at, target) in targets.iter().enumerate() {
            for (number, file) in target.files.iter().enumerate() {
                // What differs from domain to domain is answered by code: Autodiscover's second version.
                let is_served = matches!(file.scope, Scope::Provider | Scope::Account);
                if is_served && !file.routes.is_empty() {
                    routes.file(at, target, number, file);
                }
            }
        }
        routes
    }

    fn file(&mut self, at: usize, target: &Target, number: usize, file: &FileSpec) {
        let personal = file.scope == Scope::Account;
        // The other file of the same kind, whichever of them stands first.
        let beside = self.resources.iter().position(|slot| {
            let other = if personal { slot.shared } else { slot.personal };
            let taken = if personal { slot.personal } else { slot.shared };
            slot.target == at
                && taken.is_none()
                && other.is_some_and(|other| {
                    let other = &target.files[other];
                    other.template == file.template
                        || other.routes.iter().any(|route| file.routes.contains(route))
                })
        });
        let slot = beside.unwrap_or_else(|| {
            self.resources.push(Resource {
                name: target.name.clone(),
                target: at,
                shared: None,
                personal: None,
                media_type: file.media_type.clone(),
                is_autodiscover: file.reader == Some(crate::import::Reader::Autodiscover),
                is_profile: file.media_type.split(';').next() == Some(PROFILE),
                is_page: file.per_language,
                languages: match file.per_language {
                    true => target.texts.keys().cloned().collect(),
                    false => Vec::new(),
                },
            });
            self.resources.len() - 1
        });
        let own = &mut self.resources[slot];
        match personal {
            true => own.personal = Some(number),
            false => own.shared = Some(number),
        }
        for route in &file.routes {
            self.route(route, slot);
        }
    }

    fn route(&mut self, route: &str, slot: usize) {
        if let Some((before, after)) = route.split_once(ADDRESS) {
            let around = (before.to_ascii_lowercase(), after.to_ascii_lowercase(), slot);
            if !self.around.contains(&around) {
                self.around.push(around);
                // `/ADDRESS.profile.svg` before `/ADDRESS.svg`.
                self.around.sort_by_key(|(_, after, _)| std::cmp::Reverse(after.len()));
            }
        } else if let Some((before, after)) = route.split_once(LANGUAGE) {
            let around = (before.to_ascii_lowercase(), after.to_ascii_lowercase(), slot);
            if !self.languages.contains(&around) {
                self.languages.push(around);
            }
        } else {
            let exact = (route.to_ascii_lowercase(), slot);
            if !self.exact.contains(&exact) {
                self.exact.push(exact);
            }
        }
    }

    /// Where a path leads, in whatever case it is written.
    pub fn find<'p>(&self, path: &'p str) -> Option<RouteMatch<'p>> {
        let exact = self.exact.iter().find(|(route, _)| route.eq_ignore_ascii_case(path));
        if let Some((_, slot)) = exact {
            return Some(RouteMatch { slot: *slot, address: None, language: None });
        }
        let between = |(before, after, slot): &(String, String, usize)| {
            let middle =
                path.len().checked_sub(before.len() + after.len()).filter(|len| *len > 0)?;
            let end = before.len() + middle;
            let fits = path.get(..before.len())?.eq_ignore_ascii_case(before)
                && path.get(end..)?.eq_ignore_ascii_case(after);
            let value = path.get(before.len()..end)?;
            (fits && !value.contains('/')).then_some((value, *slot))
        };
        if let Some((address, slot)) = self.around.iter().find_map(between) {
            return Some(RouteMatch { slot, address: Some(address), language: None });
        }
        let (language, slot) = self.languages.iter().find_map(between)?;
        Some(RouteMatch { slot, address: None, language: Some(language) })
    }

    /// Every path that has a name of its own.
    pub fn paths(&self) -> impl Iterator<Item = (&str, &Resource)> {
        self.exact.iter().map(|(route, slot)| (route.as_str(), &self.resources[*slot]))
    }
}
