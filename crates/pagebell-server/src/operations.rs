//! What the server does: one operation a file.

mod batch;
mod batch_answers;
mod call_availability;
mod clock_control;
mod debug_token;
mod feature_status;
mod read_at_hand;
mod read_page;
mod read_settings;
mod settings_history;
mod update_settings;
