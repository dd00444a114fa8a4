use job::{Output, OutputKind};
use maud::{Markup, html};
use operator::JobView;

/// The files of a job that succeeded, each as what it is.
pub(super) fn of(job: &JobView<'_>) -> Markup {
    html! {
        @if !job.outputs.is_empty() {
            section .outputs aria-label="Results" {
                h2 { "Results" }
                @for output in job.outputs { (one(output)) }
                @if job.outputs_left_out > 0 {
                    p { (job.outputs_left_out) " more files came without an address." }
                }
            }
        }
    }
}

fn one(output: &Output) -> Markup {
    let url = output.url.as_str();
    html! {
        figure {
            @match output.kind {
                _ if !is_web(url) => {},
                OutputKind::Video => video controls preload="metadata" src=(url) {},
                OutputKind::Audio => audio controls preload="metadata" src=(url) {},
                OutputKind::Image => img loading="lazy" src=(url) alt="The picture that the job made";,
            }
            figcaption {
                (link(Some(url), "Open the file"))
                (link(output.wav_url.as_deref(), "As WAV"))
                (link(output.watermark_url.as_deref(), "With watermark"))
                @if let Some(at) = &output.expires_at { span .note { "Kept until " (at) } }
            }
        }
    }
}

fn link(url: Option<&str>, title: &str) -> Markup {
    html! {
        @if let Some(url) = url {
            @if is_web(url) { a href=(url) rel="noreferrer" { (title) } " " } @else { code { (url) } " " }
        }
    }
}

/// The provider could write anything, which a browser must not run.
fn is_web(url: &str) -> bool {
    url.starts_with("https://") || url.starts_with("http://")
}
