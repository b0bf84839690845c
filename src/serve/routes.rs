//! The paths that the server answers, from the routes of the manifests, and the file behind each.

use crate::clients::{FileSpec, Scope, Target};

/// One kind of file with all its routes: a shared file, a personal one, or both.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resource {
    /// The name of the target, which logs and metrics use.
    pub name: String,
    pub target: usize,
    /// The number of the shared file in the target.
    pub shared: Option<usize>,
    /// The number of the personal file in the target.
    pub personal: Option<usize>,
    pub media_type: String,
    /// It also answers Autodiscover requests by POST.
    pub is_autodiscover: bool,
    /// It is an Apple profile, which can be signed.
    pub is_profile: bool,
    /// It is a web page, which is rendered for each request because it exists in many languages.
    pub is_page: bool,
    /// The languages of a page.
    pub languages: Vec<String>,
}

impl Resource {
    /// The number in the target of its personal file, or of its shared one.
    pub fn file(&self, personal: bool) -> Option<usize> {
        if personal { self.personal } else { self.shared }
    }
}

/// All resources, and the table of their paths.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Routes {
    pub resources: Vec<Resource>,
    /// Fixed paths, in lower case, because Autodiscover clients spell them in different cases.
    exact: Vec<(String, usize)>,
    /// Paths with an address: what comes before and after it.
    around: Vec<(String, String, usize)>,
    /// Paths with a language: what comes before and after it.
    languages: Vec<(String, String, usize)>,
}

/// The resource for a path, with the variable part of the path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RouteMatch<'a> {
    /// The number of the resource.
    pub number: usize,
    /// The address from the path, still percent-encoded.
    pub address: Option<&'a str>,
    pub language: Option<&'a str>,
}

/// Names in logs and metrics for routes that are not in a manifest. Their numbers follow those of
/// the resources.
pub const OTHER_ROUTES: [&str; 6] =
    ["autodiscover-json", "picture", "health", "acme-challenge", "api", "none"];

const ADDRESS: &str = "{{account.address}}";
const LANGUAGE: &str = "{{language}}";
const PROFILE: &str = "application/x-apple-aspen-config";

impl Routes {
    pub fn of(targets: &[Target]) -> Self {
        let mut routes = Self::default();
        for (at, target) in targets.iter().enumerate() {
            for (number, file) in target.files.iter().enumerate() {
                // Files of scope domain are left out: only Autodiscover v2 has one, and
                // `autodiscover.rs` answers it.
                let is_served = matches!(file.scope, Scope::Provider | Scope::Account);
                if is_served && !file.routes.is_empty() {
                    routes.file(at, target, number, file);
                }
            }
        }
        routes
    }

    fn file(&mut self, at: usize, target: &Target, file_number: usize, file: &FileSpec) {
        let personal = file.scope == Scope::Account;
        // The shared file for this personal one, or the other way round, if it was added already.
        let beside = self.resources.iter().position(|resource| {
            resource.target == at
                && resource.file(personal).is_none()
                && resource.file(!personal).is_some_and(|other| {
                    let other = &target.files[other];
                    other.template == file.template
                        || other.routes.iter().any(|route| file.routes.contains(route))
                })
        });
        let number = beside.unwrap_or_else(|| {
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
        let own = &mut self.resources[number];
        match personal {
            true => own.personal = Some(file_number),
            false => own.shared = Some(file_number),
        }
        for route in file.routes.iter().chain(&file.also_routes) {
            self.route(route, number);
        }
    }

    fn route(&mut self, route: &str, number: usize) {
        if let Some((before, after)) = route.split_once(ADDRESS) {
            let around = (before.to_ascii_lowercase(), after.to_ascii_lowercase(), number);
            if !self.around.contains(&around) {
                self.around.push(around);
                // Longer suffixes first: `/ADDRESS.profile.svg` also ends in `.svg`.
                self.around.sort_by_key(|(_, after, _)| std::cmp::Reverse(after.len()));
            }
        } else if let Some((before, after)) = route.split_once(LANGUAGE) {
            let around = (before.to_ascii_lowercase(), after.to_ascii_lowercase(), number);
            if !self.languages.contains(&around) {
                self.languages.push(around);
            }
        } else {
            let exact = (route.to_ascii_lowercase(), number);
            if !self.exact.contains(&exact) {
                self.exact.push(exact);
            }
        }
    }

    /// Finds the resource for a path, without regard to case.
    pub fn find<'p>(&self, path: &'p str) -> Option<RouteMatch<'p>> {
        let exact = self.exact.iter().find(|(route, _)| route.eq_ignore_ascii_case(path));
        if let Some((_, number)) = exact {
            return Some(RouteMatch { number: *number, address: None, language: None });
        }
        let between = |(before, after, number): &(String, String, usize)| {
            let middle =
                path.len().checked_sub(before.len() + after.len()).filter(|len| *len > 0)?;
            let end = before.len() + middle;
            let fits = path.get(..before.len())?.eq_ignore_ascii_case(before)
                && path.get(end..)?.eq_ignore_ascii_case(after);
            let value = path.get(before.len()..end)?;
            (fits && !value.contains('/')).then_some((value, *number))
        };
        if let Some((address, number)) = self.around.iter().find_map(between) {
            return Some(RouteMatch { number, address: Some(address), language: None });
        }
        let (language, number) = self.languages.iter().find_map(between)?;
        Some(RouteMatch { number, address: None, language: Some(language) })
    }

    /// The fixed paths with their resources.
    pub fn paths(&self) -> impl Iterator<Item = (&str, &Resource)> {
        self.exact.iter().map(|(route, number)| (route.as_str(), &self.resources[*number]))
    }
}
