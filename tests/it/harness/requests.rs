//! A valid request of every operation, each with its job's marker inside.

use serde_json::{Value, json};

/// The ten operations of the main job.
pub(crate) const OPERATIONS: [&str; 10] = [
    "images/generations",
    "images/kolors-virtual-try-on",
    "videos/text2video",
    "videos/image2video",
    "videos/lip-sync",
    "videos/effects",
    "videos/multi-image2video",
    "videos/multi-elements",
    "audio/text-to-audio",
    "audio/video-to-audio",
];

/// A job to publish, as JSON.
#[derive(Clone, Debug)]
pub(crate) struct Wish {
    pub(crate) id: String,
    pub(crate) operation: &'static str,
    pub(crate) request: Value,
}

impl Wish {
    /// `session` is what multi-elements needs from the selection helper.
    pub(crate) fn of(operation: &'static str, id: &str, session: &str) -> Self {
        Self { id: id.to_owned(), operation, request: request(operation, id, session) }
    }

    /// The simplest request.
    pub(crate) fn video(id: &str) -> Self {
        Self::of("videos/text2video", id, "")
    }

    pub(crate) fn message(&self) -> Value {
        json!({"id": self.id, "operation": self.operation, "request": self.request})
    }

    pub(crate) fn body(&self) -> Vec<u8> {
        self.message().to_string().into_bytes()
    }

    pub(crate) fn routing_key(&self) -> String {
        format!("{}.normal", self.operation.replace('/', "."))
    }
}

/// This many jobs, over all ten operations and all three priorities.
pub(crate) fn mixed(prefix: &str, count: usize, session: &str) -> Vec<Wish> {
    let one = |n: usize| Wish::of(OPERATIONS[n % 10], &format!("{prefix}-{n:04}"), session);
    (0..count).map(one).collect()
}

/// JSON Lines for `submit --file`, with alternating priorities.
pub(crate) fn lines(wishes: &[Wish]) -> String {
    let mut text = String::new();
    for (n, wish) in wishes.iter().enumerate() {
        let mut message = wish.message();
        message["priority"] = ["normal", "high", "low"][(n / 10) % 3].into();
        text.push_str(&message.to_string());
        text.push('\n');
    }
    text
}

fn request(operation: &str, id: &str, session: &str) -> Value {
    let words = format!("A lighthouse at dusk over a calm sea [job:{id}]");
    let image = |name: &str| format!("https://files.example/{name}.png?job={id}");
    let video = format!("https://files.example/clip.mp4?job={id}");
    match operation {
        "images/generations" => json!({"prompt": words, "n": 2}),
        "images/kolors-virtual-try-on" => {
            json!({"human_image": image("human"), "cloth_image": image("cloth")})
        }
        "videos/text2video" => json!({"prompt": words, "duration": "5", "mode": "std"}),
        "videos/image2video" => json!({"image": image("first"), "prompt": "the sea moves"}),
        "videos/lip-sync" => json!({"input": {
            "mode": "text2video", "video_url": video, "text": format!("Good evening [job:{id}]"),
            "voice_id": "genshin_vindi2", "voice_language": "en", "voice_speed": 1.0,
        }}),
        "videos/effects" => {
            json!({"effect_scene": "squish", "input": {"image": image("face"), "duration": "5"}})
        }
        "videos/multi-image2video" => json!({
            "prompt": words, "image_list": [{"image": image("one")}, {"image": image("two")}],
        }),
        "videos/multi-elements" => {
            json!({"session_id": session, "edit_mode": "removal", "prompt": words})
        }
        "audio/text-to-audio" => json!({"prompt": words, "duration": 5}),
        "audio/video-to-audio" => json!({"video_url": video}),
        other => panic!("no request is written for {other}"),
    }
}
