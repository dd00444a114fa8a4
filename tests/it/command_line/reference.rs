//! `operations`, `completions`, `man`: what the program tells of itself, without any service.

use serde_json::Value;

use crate::harness::{Backend, Environment};

#[tokio::test]
async fn operations_are_told_with_their_fields() {
    let environment = Environment::on(Backend::Embedded);
    let program = environment.program();
    let all = program.run(&["operations", "--json"]).await.exits(0).lines();
    let names: Vec<&str> = all.iter().filter_map(|row| row["operation"].as_str()).collect();
    assert_eq!(names.len(), kling::Route::ALL.len());
    assert!(names.contains(&"videos/avatar/image2video"), "{names:?}");
    let one = program.run(&["operations", "videos/effects", "--json"]).await.exits(0).json();
    let fields = one["fields"].as_array().expect("a list");
    let scene = fields.iter().find(|field| field["name"] == "effect_scene").expect("a field");
    assert_eq!((&scene["required"], &scene["form"]), (&Value::from(true), &Value::from("text")));
    let words = program.run(&["operations", "videos/text2video"]).await.exits(0).stdout;
    assert!(words.starts_with("videos/text2video\n  model_name: text\n"), "{words}");
    let typo = program.run(&["operations", "videos/text2vidoe"]).await.exits(2);
    assert!(typo.stderr.contains("did you mean videos/text2video?"), "{}", typo.stderr);
}

#[tokio::test]
async fn a_shell_completes_commands() {
    let environment = Environment::on(Backend::Embedded);
    let program = environment.program();
    for (shell, words) in
        [("bash", "complete -F _reelwork"), ("zsh", "#compdef reelwork"), ("fish", "complete -c")]
    {
        let script = program.run(&["completions", shell]).await.exits(0).stdout;
        assert!(script.contains(words) && script.contains("operations"), "{shell}");
    }
    program.run(&["completions", "cobol"]).await.exits(2);
}

#[tokio::test]
async fn the_manual_has_a_page_for_each_command() {
    let environment = Environment::on(Backend::Embedded);
    let program = environment.program();
    let directory = environment.directory().join("man").display().to_string();
    program.run(&["man", &directory]).await.exits(0);
    for page in ["reelwork.1", "reelwork-submit.1", "reelwork-dead-replay.1"] {
        let page = std::fs::read_to_string(format!("{directory}/{page}")).expect(page);
        assert!(page.contains(".SH NAME"), "{page}");
    }
    let file = environment.file("taken", "");
    program.run(&["man", &file]).await.exits(2);
}
