//! The error of a helper.

use handlebars::{RenderError, RenderErrorReason};

pub(super) fn failed(helper: &str, why: &str) -> RenderError {
    RenderErrorReason::Other(format!("helper {helper}: {why}")).into()
}
