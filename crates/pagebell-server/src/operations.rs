//! What the server does: one operation a file.

mod batch;
mod debug_token;
mod read_settings;
mod update_settings;
