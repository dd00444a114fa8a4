//! Bodies of the image routes.

use super::body;
use super::item::{Element, WatermarkInfo};

body! {
    /// Images from a text.
    Generations on ImagesGenerations {
        must {
            prompt: String,
        }
        may {
            model_name: String,
            /// Not together with `image`.
            negative_prompt: String,
            /// URL or Base64.
            image: String,
            /// subject or face.
            image_reference: String,
            /// 0 to 1.
            image_fidelity: f64,
            /// 0 to 1, only with subject.
            human_fidelity: f64,
            element_list: Vec<Element>,
            /// 1k or 2k.
            resolution: String,
            /// 1 to 9; takes as many parallel places.
            n: u32,
            aspect_ratio: String,
            watermark_info: WatermarkInfo,
            callback_url: String,
            external_task_id: String,
        }
    }
}

body! {
    /// A person in other clothes.
    KolorsVirtualTryOn on ImagesKolorsVirtualTryOn {
        must {
            /// URL or Base64.
            human_image: String,
            /// URL or Base64.
            cloth_image: String,
        }
        may {
            model_name: String,
            callback_url: String,
            external_task_id: String,
        }
    }
}

body! {
    /// An image made larger on its sides. Ratios lie in [0, 2]; the new area is at most 3 times the old.
    Expand on ImagesEditingExpand {
        must {
            /// URL or Base64.
            image: String,
        }
        may {
            up_expansion_ratio: f64,
            down_expansion_ratio: f64,
            left_expansion_ratio: f64,
            right_expansion_ratio: f64,
            prompt: String,
            /// 1 to 9; takes as many parallel places.
            n: u32,
            watermark_info: WatermarkInfo,
            callback_url: String,
            external_task_id: String,
        }
    }
}
