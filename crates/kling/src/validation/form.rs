//! The known fields of a body, in words.

use super::media::Medium;
use super::rule::{Field, Kind};
use super::table;
use crate::route::Route;

/// A field that a body may have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldForm {
    /// Its path: `camera_control.config.zoom`, `image_list[].image`.
    pub name: String,
    /// Within the object that has it.
    pub required: bool,
    /// What its value may be.
    pub form: String,
    pub content: Content,
}

/// What a field holds if its value is read from a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Content {
    /// The file itself, as Base64 without `data:` before it.
    File,
    /// Its text.
    Text,
    /// Its text as JSON: a number, a list, an object.
    Json,
}

/// The fields that are known of a route, those inside objects after them. Others are passed on.
pub fn fields(route: Route) -> Vec<FieldForm> {
    let mut forms = Vec::new();
    add(table::fields(route), "", &mut forms);
    forms
}

fn add(fields: &[Field], prefix: &str, forms: &mut Vec<FieldForm>) {
    for field in fields {
        let name = format!("{prefix}{}", field.name);
        let form = words(&field.kind);
        let (required, content) = (field.required, content(&field.kind));
        forms.push(FieldForm { name: name.clone(), required, form, content });
        match &field.kind {
            Kind::Object(inner) | Kind::List { item: Kind::Object(inner), .. } => {
                let list = if matches!(field.kind, Kind::List { .. }) { "[]" } else { "" };
                add(inner, &format!("{name}{list}."), forms);
            }
            _ => {}
        }
    }
}

fn content(kind: &Kind) -> Content {
    match kind {
        Kind::File(_) => Content::File,
        Kind::Text { .. } | Kind::OneOf(_) | Kind::Usually(_) | Kind::Seconds(_) | Kind::Link => {
            Content::Text
        }
        Kind::Number { .. }
        | Kind::Integer { .. }
        | Kind::Flag
        | Kind::Milliseconds
        | Kind::List { .. }
        | Kind::Object(_) => Content::Json,
    }
}

fn words(kind: &Kind) -> String {
    match kind {
        Kind::Text { max: usize::MAX, .. } => "text".to_owned(),
        Kind::Text { max, .. } => format!("text of at most {max} characters"),
        Kind::OneOf(set) => set.join(", "),
        Kind::Usually(set) => format!("{}; others are passed on", set.join(", ")),
        Kind::Number { min, max } => format!("number from {min} to {max}"),
        Kind::Integer { min, max: i64::MAX } => format!("whole number from {min}"),
        Kind::Integer { min, max } => format!("whole number from {min} to {max}"),
        Kind::Flag => "true or false".to_owned(),
        Kind::Seconds([]) => "whole seconds as text".to_owned(),
        Kind::Seconds(set) => format!("whole seconds as text: {}", set.join(", ")),
        Kind::Milliseconds => "whole milliseconds".to_owned(),
        Kind::File(Medium::Image) => "image: URL or Base64".to_owned(),
        Kind::File(Medium::Audio) => "sound: URL or Base64".to_owned(),
        Kind::Link => "URL".to_owned(),
        Kind::List { min, max, item: Kind::Object(_) } => format!("list of {min} to {max} objects"),
        Kind::List { min, max, item } => format!("list of {min} to {max}: {}", words(item)),
        Kind::Object(_) => "object".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(route: Route, name: &str) -> (bool, String) {
        let found = fields(route).into_iter().find(|field| field.name == name);
        let found = found.unwrap_or_else(|| panic!("no {name}"));
        (found.required, found.form)
    }

    #[test]
    fn each_field_is_told_with_its_path_and_form() {
        let of = |required, form: &str| (required, form.to_owned());
        let text2video = |name| form(Route::VideosText2video, name);
        assert_eq!(text2video("prompt"), of(false, "text of at most 2500 characters"));
        assert_eq!(text2video("cfg_scale"), of(false, "number from 0 to 1"));
        assert_eq!(text2video("camera_control.config.zoom"), of(false, "number from -10 to 10"));
        assert_eq!(text2video("multi_prompt"), of(false, "list of 1 to 6 objects"));
        assert_eq!(text2video("multi_prompt[].index"), of(true, "whole number from 1 to 6"));
        let human = form(Route::ImagesKolorsVirtualTryOn, "human_image");
        assert_eq!(human, of(true, "image: URL or Base64"));
    }

    #[test]
    fn each_field_tells_what_it_holds_of_a_file() {
        let content = |name| {
            let mut fields = fields(Route::VideosImage2video).into_iter();
            fields.find(|field| field.name == name).map(|field| field.content)
        };
        for name in ["image", "image_tail", "static_mask", "dynamic_masks[].mask"] {
            assert_eq!(content(name), Some(Content::File), "{name}");
        }
        assert_eq!(
            (content("prompt"), content("duration")),
            (Some(Content::Text), Some(Content::Text))
        );
        assert_eq!(
            (content("cfg_scale"), content("camera_control")),
            (Some(Content::Json), Some(Content::Json))
        );
    }

    #[test]
    fn every_route_has_fields_and_no_name_comes_twice() {
        for route in Route::ALL {
            let mut names: Vec<_> = fields(*route).into_iter().map(|field| field.name).collect();
            let count = names.len();
            names.sort();
            names.dedup();
            assert!(count > 3 && names.len() == count, "{route:?}");
        }
    }
}
